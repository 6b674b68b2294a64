// Everything is in the header; the package manager wants a source file.
#include "CTicks.h"
