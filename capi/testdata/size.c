/* size: an app that uses all of ringtrip.h and does nothing else, to be weighed. */
#include <stddef.h>

#include "../ringtrip.h"

static char *hear(void *context, const char *out, int64_t length) {
	(void)context, (void)out, (void)length;
	return NULL;
}

int main(void) {
	ringtrip_engine e = ringtrip_create("{}", 2, hear, NULL, NULL);
	ringtrip_free(ringtrip_tell(e, ringtrip_version(), 1));
	ringtrip_free(ringtrip_state(e));
	ringtrip_destroy(e);
	ringtrip_free(ringtrip_alloc(ringtrip_count()));
	return 0;
}
