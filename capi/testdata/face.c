/* face: every function of ringtrip.h with what makes no sense, from many threads, from within itself, and panicking. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

void ringtrip_fault(char *function); /* of a library for tests: the next call of that function panics */

static char *silent(void *context, const char *out, int64_t length) {
	(void)out, (void)length;
	if (context != NULL) ++*(_Atomic long *)context;
	return NULL;
}

static const char config[] = "{\"serverURL\":\"http://127.0.0.1:9\",\"deviceID\":\"d\"}";

static ringtrip_engine create(ringtrip_callback callback, void *context) {
	char *problem = NULL;
	ringtrip_engine e = ringtrip_create(config, sizeof config - 1, callback, context, &problem);
	EXPECT(e != 0 && problem == NULL, "%s", problem == NULL ? "no reason" : problem);
	return e;
}

/* answered frees an answer that must have this text in it. */
static void answered(char *answer, const char *text) {
	EXPECT(answer != NULL && strstr(answer, text) != NULL, "the answer is %s, want %s in it", answer == NULL ? "NULL" : answer, text);
	ringtrip_free(answer);
}

static void refused(const char *c, int64_t length, ringtrip_callback callback, const char *text) {
	char *problem = NULL;
	EXPECT(ringtrip_create(c, length, callback, NULL, &problem) == 0, "an engine from nothing");
	answered(problem, text);
	EXPECT(ringtrip_create(c, length, callback, NULL, NULL) == 0, "an engine from nothing"); /* nobody wants to know why */
}

static void creating(void) {
	refused(NULL, 0, silent, "configuration");
	refused(NULL, 10, silent, "configuration of a length");
	refused(config, -1, silent, "configuration of a length");
	refused(config, INT64_MAX, silent, "configuration of a length");
	refused(config, INT64_MIN, silent, "configuration of a length");
	refused(config, sizeof config - 1, NULL, "no callback");
	refused("{", 1, silent, "configuration");
	refused("{\"serverURL\":\"\xff\xfe\"}", 17, silent, "configuration");
	refused("\0\0\0\0", 4, silent, "configuration");
	refused("{\"serverURL\":\"http://x\",\"colour\":1}", 35, silent, "colour");
	refused("{\"deviceID\":\"d\"}", 16, silent, "serverURL");
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

static void handles(void) {
	int64_t wrong[] = {0, -1, 1, 77, INT64_MAX, INT64_MIN};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		answered(ringtrip_tell(wrong[i], "{}", 2), "\"closed\"");
		answered(ringtrip_state(wrong[i]), "{}");
		ringtrip_destroy(wrong[i]);
		answered(ringtrip_sim_do(wrong[i], "{}", 2), "no such simulator");
		answered(ringtrip_sim_system(wrong[i], 1, "{}", 2), "no such simulator");
		ringtrip_sim_destroy(wrong[i]);
	}
	ringtrip_engine first = create(silent, NULL);
	ringtrip_destroy(first);
	ringtrip_destroy(first);
	ringtrip_engine second = create(silent, NULL);
	EXPECT(second != first, "the number %lld is used again", (long long)first);
	answered(ringtrip_tell(first, "{\"network\":true}", 16), "\"closed\"");
	EXPECT(ringtrip_count() == 1, "%lld engines", (long long)ringtrip_count());
	ringtrip_destroy(second);
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

static void strings(void) {
	ringtrip_engine e = create(silent, NULL);
	answered(ringtrip_open_caller(NULL, 0), "\"error\"");
	answered(ringtrip_open_caller(NULL, 5), "no such string");
	answered(ringtrip_open_caller("{}", -1), "no such string");
	answered(ringtrip_open_caller("{\"call\":\"x\"}", 12), "\"error\"");
	answered(ringtrip_tell(e, NULL, 0), "bad_message");
	answered(ringtrip_tell(e, NULL, 5), "bad_message");
	answered(ringtrip_tell(e, "{}", -1), "bad_message");
	answered(ringtrip_tell(e, "{}", INT64_MIN), "bad_message");
	answered(ringtrip_tell(e, "{}", INT64_MAX), "bad_message");
	answered(ringtrip_tell(e, "{}", (16 << 20) + 1), "bad_message");
	answered(ringtrip_tell(e, "", 0), "bad_message");
	answered(ringtrip_tell(e, "\xff\xff\xff", 3), "bad_message");
	answered(ringtrip_tell(e, "{\"request\":{\"verb\":\"\xc3\x28\"}}", 24), "bad_message");
	answered(ringtrip_tell(e, "{\"network\":true}\0 not read", 16), "{}");
	int64_t huge = 16 << 20;
	char *nested = malloc((size_t)huge);
	memset(nested, '[', (size_t)huge);
	answered(ringtrip_tell(e, nested, huge), "bad_message");
	memset(nested, 'x', (size_t)huge);
	answered(ringtrip_tell(e, nested, huge), "bad_message");
	free(nested);
	answered(ringtrip_state(e), "\"calls\":[]");
	ringtrip_destroy(e);

	EXPECT(strlen(ringtrip_version()) >= 5, "the version is %s", ringtrip_version());
	EXPECT(ringtrip_alloc(0) == NULL && ringtrip_alloc(-1) == NULL && ringtrip_alloc(INT64_MAX) == NULL, "memory of no size");
	char *p = ringtrip_alloc(100);
	EXPECT(p != NULL, "no memory");
	memset(p, 1, 100);
	ringtrip_free(p);
	ringtrip_free(NULL);
	refused("{", 1, silent, "");
	char *problem = NULL;
	EXPECT(ringtrip_sim_create("{", 1, silent, NULL, &problem) == 0, "a phone from nothing");
	answered(problem, "configuration");
	EXPECT(ringtrip_sim_create(NULL, 3, silent, NULL, NULL) == 0 && ringtrip_sim_create("{}", 2, NULL, NULL, NULL) == 0, "a phone from nothing");
	ringtrip_simulator s = ringtrip_sim_create("{}", 2, silent, NULL, NULL);
	EXPECT(s != 0, "no phone");
	answered(ringtrip_sim_do(s, NULL, 1), "error");
	answered(ringtrip_sim_do(s, "{}", -1), "error");
	answered(ringtrip_sim_do(s, "\xff", 1), "error");
	answered(ringtrip_sim_do(s, "{\"do\":\"U fly\"}", 14), "error");
	answered(ringtrip_sim_system(s, 99, "{}", 2), "there is no process 99");
	ringtrip_sim_destroy(s);
}

/* The callback answers what is no Answer: the engine goes on. */
static char *nonsense(void *context, const char *out, int64_t length) {
	(void)length;
	long n = (*(_Atomic long *)context)++;
	(void)out;
	switch (n % 4) {
	case 0: return format("\xff\xfe");
	case 1: return format("{");
	case 2: return format("[1,2]");
	}
	char *empty = ringtrip_alloc(1);
	*empty = 0;
	return empty;
}

static void answers(void) {
	_Atomic long n = 0;
	char *problem = NULL;
	ringtrip_engine e = ringtrip_create(config, sizeof config - 1, nonsense, &n, &problem);
	if (e == 0) {
		ringtrip_free(problem);
	} else {
		answered(ringtrip_tell(e, "{\"network\":true}", 16), "{}");
		ringtrip_destroy(e);
	}
	EXPECT(n > 3, "the callback was called %ld times", n);
}

/* From within the callback. */
struct again {
	_Atomic ringtrip_engine engine;
	_Atomic long depth, deepest, calls;
};

static char *reentrant(void *context, const char *out, int64_t length) {
	struct again *a = context;
	(void)out, (void)length;
	long depth = ++a->depth;
	a->calls++;
	if (depth > a->deepest) a->deepest = depth;
	if (a->engine != 0 && depth < 5) {
		ringtrip_free(ringtrip_tell(a->engine, "{\"network\":true}", 16));
		ringtrip_free(ringtrip_tell(a->engine, "{\"system\":{\"op\":\"application.didBecomeActive\"}}", 46));
		ringtrip_free(ringtrip_state(a->engine));
	}
	a->depth--;
	return NULL;
}

static void reentry(void) {
	struct again a = {0};
	a.engine = create(reentrant, &a);
	for (int i = 0; i < 50; i++) {
		ringtrip_free(ringtrip_tell(a.engine, "{\"system\":{\"op\":\"application.didEnterBackground\"}}", 49));
		ringtrip_free(ringtrip_tell(a.engine, "{\"system\":{\"op\":\"application.didBecomeActive\"}}", 46));
		ringtrip_free(ringtrip_tell(a.engine, "{\"request\":{\"verb\":\"speaker\",\"on\":true}}", 40));
	}
	ringtrip_destroy(a.engine);
	EXPECT(a.calls > 10, "the callback was called %ld times", a.calls);
}

/* Destroying from within the callback is against the rules, and does not hang. */
static char *suicidal(void *context, const char *out, int64_t length) {
	struct again *a = context;
	(void)out, (void)length;
	if (a->engine != 0) ringtrip_destroy(a->engine);
	return NULL;
}

static void suicide(void) {
	static struct again a;
	a.engine = create(suicidal, &a);
	ringtrip_free(ringtrip_tell(a.engine, "{\"request\":{\"verb\":\"speaker\",\"on\":true}}", 40));
	ringtrip_destroy(a.engine);
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

/* Many threads on one engine. */
static void *hammer(void *p) {
	ringtrip_engine e = *(ringtrip_engine *)p;
	for (int i = 0; i < 200; i++) {
		ringtrip_free(ringtrip_tell(e, "{\"network\":true}", 16));
		ringtrip_free(ringtrip_tell(e, "{\"request\":{\"verb\":\"end\",\"call\":\"01900000-0000-7000-8000-000000000001\"}}", 72));
		ringtrip_free(ringtrip_tell(e, "{\"token\":\"jwt\"}", 15));
		ringtrip_free(ringtrip_tell(e, "{", 1));
		ringtrip_free(ringtrip_state(e));
		ringtrip_count();
		ringtrip_version();
		ringtrip_free(ringtrip_alloc(64));
	}
	return NULL;
}

static void threads(void) {
	_Atomic long n = 0;
	ringtrip_engine e = create(silent, &n);
	pthread_t t[8];
	for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, hammer, &e);
	for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
	ringtrip_destroy(e);
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

/* An engine dies while others speak to it. When destroy has returned, the callback is not called any more. */
static char *watched(void *context, const char *out, int64_t length) {
	(void)out, (void)length;
	EXPECT(*(_Atomic int *)context == 0, "the callback is called after ringtrip_destroy has returned");
	return NULL;
}

static void races(void) {
	for (int round = 0; round < 30; round++) {
		_Atomic int over = 0;
		ringtrip_engine e = create(watched, &over);
		pthread_t t[4];
		for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, hammer, &e);
		ringtrip_destroy(e);
		over = 1;
		for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
	}
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

static void *live(void *context) {
	for (int i = 0; i < 20; i++) {
		ringtrip_engine e = create(silent, context);
		ringtrip_free(ringtrip_state(e));
		ringtrip_destroy(e);
	}
	return NULL;
}

static void lives(void) {
	_Atomic long n = 0;
	pthread_t t[4];
	for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, live, &n);
	for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

static void panics(void) {
	char *problem = NULL;
	ringtrip_fault("ringtrip_create");
	EXPECT(ringtrip_create(config, sizeof config - 1, silent, NULL, &problem) == 0, "an engine out of a panic");
	answered(problem, "panic: the test's own");
	ringtrip_engine e = create(silent, NULL);
	ringtrip_fault("ringtrip_tell");
	answered(ringtrip_tell(e, "{\"network\":true}", 16), "\"panic\"");
	answered(ringtrip_tell(e, "{\"network\":true}", 16), "{}"); /* it goes on */
	ringtrip_fault("ringtrip_state");
	answered(ringtrip_state(e), "{}");
	ringtrip_fault("ringtrip_open_caller");
	answered(ringtrip_open_caller("{}", 2), "panic");
	ringtrip_fault("ringtrip_destroy");
	ringtrip_destroy(e);
	ringtrip_destroy(e);
	ringtrip_fault("ringtrip_sim_create");
	EXPECT(ringtrip_sim_create("{}", 2, silent, NULL, &problem) == 0, "a phone out of a panic");
	answered(problem, "panic: the test's own");
	ringtrip_simulator s = ringtrip_sim_create("{}", 2, silent, NULL, NULL);
	ringtrip_fault("ringtrip_sim_do");
	answered(ringtrip_sim_do(s, "{\"settle\":true}", 15), "panic");
	ringtrip_fault("ringtrip_sim_system");
	answered(ringtrip_sim_system(s, 1, "{}", 2), "panic");
	ringtrip_fault("ringtrip_sim_destroy");
	ringtrip_sim_destroy(s);
	ringtrip_sim_destroy(s);
	EXPECT(ringtrip_count() == 0, "%lld engines", (long long)ringtrip_count());
}

/*
 * A push is lost in a panic at the border. Here, where nobody reports a placeholder as the Swift package does, the system
 * kills the app; the next push launches it again, and it rings.
 */
static void break_tell(void) { ringtrip_fault("ringtrip_tell"); }

static void panicking_push(const char *server) {
	struct app *app = app_new(server, 1);
	app_push(app, 1);
	app_do(app, "{\"wait\":1000}");
	EXPECT(app->reports == 1 && app->errors == 0, "%ld reports, %ld errors", app->reports, app->errors);
	app_do(app, "{\"do\":\"U decline\"}");
	app_do(app, "{\"wait\":60000}");
	ringtrip_engine first = app->engine;
	app->before_push = break_tell;
	app_push(app, 2);
	app_do(app, "{\"wait\":20000}");
	EXPECT(app->reports == 1 && app->errors == 1, "%ld reports, %ld errors", app->reports, app->errors);
	app_push(app, 3);
	app_do(app, "{\"wait\":1000}");
	EXPECT(app->reports == 2, "%ld reports", app->reports);
	EXPECT(app->engine != first && ringtrip_count() == 1, "the app was not killed: %lld engines", (long long)ringtrip_count());
	app_free(app);
}

/* Processes die, while requests to the server are under way: their engines are destroyed from within the phone's callback. */
static void dying(const char *server) {
	for (int i = 0; i < 10; i++) {
		struct app *app = app_new(server, (uint64_t)i + 1);
		for (int n = 1; n <= 5; n++) {
			app_push(app, n);
			app_do(app, "{\"wait\":1000}");
			EXPECT(app->reports == n, "%ld reports of %d pushes", app->reports, n);
			app_do(app, "{\"do\":\"SYS appDies\"}");
			app_do(app, "{\"settle\":true}");
			EXPECT(app->engine == 0 && ringtrip_count() == 0, "%lld engines live on", (long long)ringtrip_count());
			app_do(app, "{\"wait\":120000}");
		}
		app_free(app);
	}
}

int main(int argc, char **argv) {
	struct {
		const char *name;
		void (*run)(void);
	} all[] = {{"create", creating}, {"handles", handles}, {"strings", strings}, {"answers", answers}, {"reentry", reentry},
		{"suicide", suicide}, {"threads", threads}, {"races", races}, {"lives", lives}, {"panics", panics}};
	EXPECT(argc >= 3, "usage: face SERVER ROUNDS [TEST]...");
	int rounds = atoi(argv[2]);
	ringtrip_version(); /* waits for Go's runtime */
	long before = balance();
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
			int chosen = argc == 3;
			for (int a = 3; a < argc; a++) chosen |= strcmp(argv[a], all[i].name) == 0;
			if (!chosen) continue;
			all[i].run();
			printf("ok %s\n", all[i].name);
			fflush(stdout);
		}
		if (argc == 3) {
			panicking_push(argv[1]);
			dying(argv[1]);
		}
	}
	printf("rounds=%d strings_left=%ld\n", rounds, balance() - before);
	return 0;
}
