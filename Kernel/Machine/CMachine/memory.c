// The four functions that the compiler calls for copies and comparisons of memory.
//
// They move machine words with the string instructions: an instruction count is the cost that this project
// measures, and `rep movsb` counts every byte while `rep movsl` and `rep movsq` count every word. No vector
// registers: those belong to programs.

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define WORD 8
#define MOVE "rep movsq"
#define STORE "rep stosq"
typedef uint64_t word;
#else
#define WORD 4
#define MOVE "rep movsl"
#define STORE "rep stosl"
typedef uint32_t word;
#endif

void *memcpy(void *restrict destination, const void *restrict source, size_t count) {
  unsigned char *to = destination;
  const unsigned char *from = source;
  size_t words = count / WORD;
  __asm__ volatile(MOVE : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  for (size_t rest = count % WORD; rest != 0; rest--) *to++ = *from++;
  return destination;
}

void *memmove(void *destination, const void *source, size_t count) {
  unsigned char *to = destination;
  const unsigned char *from = source;
  if (to == from) return destination;
  // Forward is safe unless the destination begins inside the source.
  if ((uintptr_t)to - (uintptr_t)from >= count) return memcpy(destination, source, count);
  while (count-- != 0) to[count] = from[count];
  return destination;
}

void *memset(void *destination, int value, size_t count) {
  unsigned char *to = destination;
  size_t words = count / WORD;
  word pattern = (word)0x0101010101010101ull * (unsigned char)value;
  __asm__ volatile(STORE : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
  for (size_t rest = count % WORD; rest != 0; rest--) *to++ = (unsigned char)value;
  return destination;
}

int memcmp(const void *left, const void *right, size_t count) {
  const unsigned char *a = left, *b = right;
  for (; count != 0; count--, a++, b++)
    if (*a != *b) return *a < *b ? -1 : 1;
  return 0;
}
