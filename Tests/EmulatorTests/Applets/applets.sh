# One line or more for each applet; the same script runs on the host's Linux and in the guest, by the same binary.
set +e
mkdir work; cd work
t() { echo "== $1"; }
t echo; echo hello world
t printf; printf '%s-%05d-%x\n' abc 42 255
t true; true; echo $?
t false; false; echo $?
t test; test -d . ; echo $?; test 3 -gt 5; echo $?
t [; [ a = a ]; echo $?
t [[; [[ a == b ]]; echo $?
t seq; seq 1 3 10
t cat; seq 1 20 > n; cat n | head -3
t tac; tac n | head -2
t head; head -n 2 n
t tail; tail -n 2 n
t wc; wc -l < n; wc -c n
t sort; sort -rn n | head -2; printf 'b\na\nb\n' | sort -u
t uniq; printf 'a\na\nb\n' | uniq -c
t cut; printf 'a:b:c\n' | cut -d: -f2
t paste; paste -d, n n | head -1
t tr; echo hello | tr a-y b-z
t rev; echo stressed | rev
t sed; sed -n '3,5p' n; echo abc | sed 's/b/[&]/;s/c$/d/'
t awk; awk '{s+=$1} END {print s, NR}' n; awk 'BEGIN{printf "%.3f\n", 22/7}'
t grep; grep -c 1 n; grep -E '^(2|5)$' n
t egrep; egrep '1[5-7]' n
t fgrep; fgrep -x 7 n
t expr; expr 6 \* 7; expr length abcdef
t basename; basename /usr/lib/libc.so .so
t dirname; dirname /usr/lib/libc.so
t pwd; basename "$(pwd)"
t mkdir; mkdir -p d/e/f; ls d
t rmdir; rmdir d/e/f; ls d/e
t touch; touch d/x d/y; ls d
t cp; cp n d/n; cmp n d/n; echo $?
t mv; mv d/n d/m; ls d
t rm; rm d/m; ls d
t ln; ln -s ../n d/l; ln n hard; cat hard | head -1
t readlink; readlink d/l
t realpath; basename "$(realpath d/l)"
t ls; ls -a d; ls -1 d
t find; find d | sort; find . -name 'n' -type f
t xargs; printf '1\n2\n3\n' | xargs -n 2 echo
t tee; echo tee | tee a b; cat a b
t cmp; cmp a n
t diff; printf '1\n2\n' > p; printf '1\n3\n' > q; diff -u p q | tail -n +3
t comm; comm p q
t patch; diff -u p q > pq; cp p r; patch r < pq; cat r
t split; split -l 7 n part; ls part*
t fold; echo abcdefghij | fold -w 4
t expand; printf 'a\tb\n' | expand
t unexpand; printf '        b\n' | unexpand | od -c
t nl; nl p
t od; printf 'ABC\n' | od -t x1
t hexdump; printf 'ABC\n' | hexdump -C
t hd; printf 'xyz\n' | hd
t xxd; printf 'xyz\n' | xxd
t strings; printf '\001\002hello\003' | strings
t md5sum; md5sum n
t sha1sum; sha1sum n
t sha256sum; sha256sum n
t sha512sum; sha512sum n
t sha3sum; sha3sum n
t cksum; cksum n
t sum; sum n
t crc32; crc32 n
t base64; base64 n | head -1; echo aGVsbG8K | base64 -d
t base32; echo hi | base32
t uuencode; uuencode n < p
t uudecode; uuencode uu < p | uudecode; cat uu
t gzip; gzip -c n > n.gz; gzip -t n.gz; echo $?
t gunzip; gunzip -c n.gz | cmp - n; echo $?
t zcat; zcat n.gz | head -1
t bzip2; bzip2 -c n > n.bz2; echo $?
t bunzip2; bunzip2 -c n.bz2 | md5sum
t bzcat; bzcat n.bz2 | tail -1
t xz; echo; xzcat /dev/null; echo $?
t unxz; unxz -c /dev/null; echo $?
t lzop; lzop -c n 2>/dev/null | lzop -dc 2>/dev/null | md5sum
t tar; tar cf d.tar n p; tar tf d.tar; mkdir out; tar xf d.tar -C out; ls out
t cpio; echo n | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null
t ar; echo; ar 2>/dev/null; echo $?
t dd; dd if=n of=dd bs=4 count=3 2>/dev/null; wc -c < dd
t truncate; truncate -s 100 tr; wc -c < tr
t stat; stat -c '%s %F %a' p
t chmod; chmod 640 p; stat -c %a p
t chown; chown 0:0 p; stat -c '%u %g' p
t chgrp; chgrp 0 p; stat -c %g p
t du; du -s nothing 2>/dev/null; echo $?
t mktemp; mktemp -u xXXXXXX | wc -c
t mkfifo; mkfifo ff; ls -l ff | cut -c1; (echo through > ff &) ; cat ff
t mknod; mknod pp p; ls -l pp | cut -c1
t date; date -u -d @86400 '+%Y-%m-%d %H:%M:%S'
t cal; cal 2 2024
t sleep; sleep 0; echo $?
t usleep; usleep 10; echo $?
t timeout; timeout 5 echo in time; timeout 0.2 sleep 5; echo $?
t env; env -i A=b env
t printenv; A=7 printenv A
t id; id -u
t whoami; id -un >/dev/null 2>&1; echo x
t nproc; nproc > /dev/null; echo $?
t uname; uname -s
t hostname; hostname > /dev/null; echo $?
t arch; arch > /dev/null; echo $?
t yes; yes | head -2
t which; which sh > /dev/null; echo $?
t sh; sh -c 'echo $1 $#' a b c
t ash; ash -c 'x=3; while [ $x -gt 0 ]; do echo $x; x=$((x-1)); done'
t nohup; nohup true 2>/dev/null; echo $?
t nice; nice -n 3 echo nice
t setsid; setsid echo apart | cat
t kill; sleep 9 & kill $!; wait $!; echo $?
t killall; killall -l > /dev/null 2>&1; echo x
t pidof; pidof nothing; echo $?
t pgrep; pgrep nothing; echo $?
t factor; factor 360
t dc; dc -e '2 3 ^ p' 2>/dev/null || echo 2 3 ^ p | dc
t bc; echo '2^10; scale=3; 1/3' | bc
t shuf; shuf -i 1-1
t sync; sync; echo $?
t fsync; fsync n; echo $?
t clear; clear | od -c | head -1
t reset; echo x
t tty; tty < /dev/null
t logname; logname > /dev/null 2>&1; echo x
t getopt; getopt ab:c -a -b 3 x
t ipcalc; ipcalc -n 10.1.2.3/16
t mountpoint; mountpoint -q work; echo $?
t cut2; cut -c1-3 n | tail -1
t ed; printf '1,2p\nq\n' | ed -s n 2>/dev/null | head -3
t vi; cp n v; (printf 'yyp2Gdd:%%s/4/four/g\nGohello\033'; sleep 1; printf ':wq\n') | vi v > /dev/null 2>&1; cat v
t less; less n | head -2
t more; more n < n | head -2
t pipe_progress; echo p | pipe_progress 2>/dev/null
t rx; echo x
t sed2; seq 1 5 | sed -e '2!d' -e 's/./&&/'
t sort2; printf '3 c\n1 a\n2 b\n' | sort -k2
t tsort; printf 'a b\nb c\n' | tsort
t unlink; unlink hard; ls hard 2>/dev/null; echo $?
t link; link n hard2; ls hard2
t install; install -m 600 n inst; stat -c %a inst
t dos2unix; printf 'a\r\n' | dos2unix | od -c
t unix2dos; printf 'a\n' | unix2dos | od -c
t ascii; ascii | head -2
t bits; echo x
t cryptpw; cryptpw -m des abc ab
t mkpasswd; mkpasswd -m des abc ab
t lsattr; echo x
t ts; echo q | ts '' | wc -l
t nslookup; echo x
t run-parts; mkdir rp; printf '#!/bin/sh\necho ran\n' > rp/one; chmod 755 rp/one; echo x
t script; echo x
t time; time true 2>/dev/null; echo $?
t volname; echo x
t watch; echo x
t sha384sum; sha384sum n 2>/dev/null | cut -c1-20
t tree; tree d
t w; echo x
t groups; groups > /dev/null 2>&1; echo x
t shell; f() { local a=1; echo "$a$1"; }; f x; case abc in a*) echo case;; esac; a="1 2 3"; for i in $a; do echo -n "$i,"; done; echo; echo ${a%% *} ${#a}
t heredoc; cat <<X
line $((1+1))
X
t subshell; (cd d; ls | wc -l); echo "$(echo nested $(echo deep))"
t trap; sh -c 'trap "echo bye" EXIT; exit 3'; echo $?
t signals; sh -c 'kill -TERM $$'; echo $?
t pipes; seq 1 1000 | sort -r | uniq | wc -l; cat /dev/zero | head -c 100000 | wc -c
t glob; echo part*; echo d/[xy]
echo == end
