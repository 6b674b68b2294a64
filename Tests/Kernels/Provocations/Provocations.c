#include "Provocations.h"
