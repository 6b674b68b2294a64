// Instructions that tell where the kernel's tables are. Linux answers some of them itself, so this is not compared with it.

#include "Support.h"

static char table[16];

static void global_table(void) { __asm__ volatile("sgdt %0" : "=m"(table)); }
static void interrupt_table(void) { __asm__ volatile("sidt %0" : "=m"(table)); }
static void local_table(void) { __asm__ volatile("sldt %%eax" : : : "eax"); }
static void task(void) { __asm__ volatile("str %%eax" : : : "eax"); }
static void machine_status(void) { __asm__ volatile("smsw %%eax" : : : "eax"); }

int main(void) {
  in_child("sgdt", global_table);
  in_child("sidt", interrupt_table);
  in_child("sldt", local_table);
  in_child("str", task);
  in_child("smsw", machine_status);
  return 0;
}
