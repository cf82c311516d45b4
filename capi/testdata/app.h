/*
 * An app in C on a simulated iPhone, for the tests of the C face: what the Swift package does, without Swift. It carries
 * the engine's commands to the simulator and the simulator's events to the engine, as they come, without reading them.
 */
#ifndef APP_H
#define APP_H

#include <stdatomic.h>
#include <stdint.h>

#include "../ringtrip.h"

struct app;

/* One process of the app. */
struct life {
	struct app *app;
	ringtrip_engine engine;
	_Atomic int over; /* ringtrip_destroy has returned */
};

struct app {
	const char *server;       /* what the engine is told to speak to */
	_Atomic ringtrip_simulator phone; /* 0 while it is being made */
	ringtrip_engine engine;   /* of the newest process; 0 while none lives */
	struct life lives[16];
	int started;
	_Atomic int64_t process;
	int verbose;
	void (*before_push)(void); /* if set, runs once, before the engine is told of the next push */
	_Atomic long outs, commands, reports, logs, errors, snapshots, panics;
	/* Nanoseconds, for the last push: from ringtrip_tell to the report, in all and without what the system took of it. */
	_Atomic int64_t told_at, system_ns, push_ns, engine_ns;
	int64_t create_ns, ready_ns; /* how long the last ringtrip_create took, and when it was over */
};

/* The raw value of a top-level field of a JSON object, or NULL; *length is its length. */
const char *json_field(const char *json, int64_t length, const char *name, int64_t *value_length);

/* A formatted string on the heap. */
char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/* Makes a phone, with an app whose engines speak to `server`. */
struct app *app_new(const char *server, uint64_t seed);

/* Does something to the phone; `in` is an In of capi/simulator. Says so and exits if it is refused. */
void app_do(struct app *app, const char *pattern, ...) __attribute__((format(printf, 2, 3)));

/* As app_do, and returns the answer's text; free it. */
char *app_look(struct app *app, const char *what);

/* Delivers ringtrip's push about call number n. */
void app_push(struct app *app, int n);

/* Ends the phone and every engine. */
void app_free(struct app *app);

/* Monotonic time in nanoseconds. */
int64_t now_ns(void);

/* How many strings the library and the app together have allocated and not freed. */
long balance(void);

/* Says what was expected, and exits, if it is not so. */
#define EXPECT(condition, ...) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: expected %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			exit(1); \
		} \
	} while (0)

#endif
