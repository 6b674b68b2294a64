#include "CGuest.h"

struct guest_state guest_state;
