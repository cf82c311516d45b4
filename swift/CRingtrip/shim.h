/* The C face of the engine, for Swift: what it is says capi/ringtrip.h. */
#include "../../capi/ringtrip.h"
