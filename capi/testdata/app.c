#define _GNU_SOURCE /* memmem */
#include "app.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is allocated by C code and by the library (linked with --wrap) is counted. */
static _Atomic long allocated;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size) {
	allocated++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
	allocated++;
	return __real_calloc(n, size);
}

void __wrap_free(void *p) {
	if (p != NULL) allocated--;
	__real_free(p);
}

long balance(void) { return allocated; }

int64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

char *format(const char *pattern, ...) {
	va_list a;
	va_start(a, pattern);
	int n = vsnprintf(NULL, 0, pattern, a);
	va_end(a);
	char *s = malloc((size_t)n + 1);
	va_start(a, pattern);
	vsnprintf(s, (size_t)n + 1, pattern, a);
	va_end(a);
	return s;
}

/* skip returns where the JSON value at p ends; end if it does not. */
static const char *skip(const char *p, const char *end) {
	int depth = 0;
	for (; p < end; p++) {
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				if (*p == '\\') p++;
			if (depth == 0) return p < end ? p + 1 : end;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0) return p;
			if (--depth == 0) return p + 1;
		} else if (depth == 0 && *p == ',') {
			return p;
		}
	}
	return end;
}

const char *json_field(const char *json, int64_t length, const char *name, int64_t *value_length) {
	const char *p = json, *end = json + length;
	size_t n = strlen(name);
	if (p >= end || *p++ != '{') return NULL;
	while (p < end && *p == '"') {
		const char *key = p + 1;
		p = skip(p, end);
		size_t key_length = (size_t)(p - key) - 1;
		if (p >= end || *p++ != ':') return NULL;
		const char *value = p;
		p = skip(p, end);
		if (key_length == n && memcmp(key, name, n) == 0) {
			*value_length = p - value;
			return value;
		}
		if (p < end && *p == ',') p++;
	}
	return NULL;
}

static int has(const char *json, int64_t length, const char *text) { return memmem(json, (size_t)length, text, strlen(text)) != NULL; }

static __thread int inside; /* how many engine callbacks this thread is in */

static char *hear(struct app *app, const char *out, int64_t length);

/* heard is the engine's callback. */
static char *heard(void *context, const char *out, int64_t length) {
	struct life *life = context;
	EXPECT(!life->over, "the callback is called after ringtrip_destroy has returned: %.*s", (int)length, out);
	inside++;
	char *answer = hear(life->app, out, length);
	inside--;
	return answer;
}

/* hear has commands go to the simulator as they are. */
static char *hear(struct app *app, const char *out, int64_t length) {
	int64_t n;
	const char *v;
	app->outs++;
	if ((v = json_field(out, length, "system", &n)) != NULL) {
		app->commands++;
		if (has(v, n, "\"provider.reportNewIncomingCall\"")) {
			app->reports++;
			if (app->told_at != 0) {
				app->push_ns = now_ns() - app->told_at;
				app->engine_ns = app->push_ns - app->system_ns;
				app->told_at = 0;
			}
		}
		int64_t began = now_ns();
		char *answer = ringtrip_sim_system(app->phone, app->process, v, n);
		app->system_ns += now_ns() - began;
		char *wrapped = format("{\"system\":%s}", answer);
		ringtrip_free(answer);
		return wrapped;
	}
	if (json_field(out, length, "token", &n) != NULL) return format("{\"token\":\"jwt\"}");
	if ((v = json_field(out, length, "log", &n)) != NULL) {
		app->logs++;
		if (has(v, n, "panic")) app->panics++;
		if (app->verbose) fprintf(stderr, "%.*s\n", (int)n, v);
	}
	if (json_field(out, length, "snapshot", &n) != NULL) app->snapshots++;
	return NULL;
}

static ringtrip_engine launch(struct app *app) {
	char *problem = NULL;
	char *config = format("{\"serverURL\":\"%s\",\"deviceID\":\"bobs-phone\",\"deviceName\":\"Bob's iPhone\"}", app->server);
	int64_t began = now_ns();
	EXPECT(app->started < (int)(sizeof app->lives / sizeof *app->lives), "the app is launched too often");
	struct life *life = &app->lives[app->started++];
	life->app = app;
	ringtrip_engine engine = ringtrip_create(config, (int64_t)strlen(config), heard, life, &problem);
	app->ready_ns = now_ns();
	app->create_ns = app->ready_ns - began;
	EXPECT(engine != 0, "%s", problem == NULL ? "no reason was given" : problem);
	EXPECT(problem == NULL, "an engine and a problem: %s", problem);
	free(config);
	life->engine = engine;
	return engine;
}

/* bury destroys the engines of processes that are dead, if no callback of theirs can wait for it. */
static void bury(struct app *app) {
	for (int i = 0; i < app->started; i++) {
		struct life *life = &app->lives[i];
		if (life->over || life->engine == 0 || life->engine == app->engine || inside > 0) continue;
		ringtrip_destroy(life->engine);
		life->over = 1;
	}
}

/* happened is the simulator's callback: events go to the engine as they are. */
static char *happened(void *context, const char *out, int64_t length) {
	struct app *app = context;
	int64_t n, m;
	const char *v = json_field(out, length, "process", &n);
	if (v != NULL) app->process = strtoll(v, NULL, 10);
	if (json_field(out, length, "died", &n) != NULL) {
		app->engine = 0;
		bury(app);
		return NULL;
	}
	v = json_field(out, length, "system", &n);
	if (v == NULL) return NULL;
	if (has(v, n, "\"op\":\"launched\"")) {
		app->engine = launch(app);
		return NULL;
	}
	if (app->engine == 0) return NULL; /* it is still being made */
	char *in = format("{\"system\":%.*s}", (int)n, v);
	if (has(v, n, "\"registry.didReceive\"")) {
		if (app->before_push != NULL) app->before_push();
		app->before_push = NULL;
		app->system_ns = 0;
		app->told_at = now_ns();
	}
	char *answer = ringtrip_tell(app->engine, in, (int64_t)strlen(in));
	free(in);
	char *message = NULL;
	if (json_field(answer, (int64_t)strlen(answer), "error", &m) != NULL) {
		app->errors++;
		if (app->verbose) fprintf(stderr, "%.*s: %s\n", (int)n, v, answer);
	}
	if ((v = json_field(answer, (int64_t)strlen(answer), "system", &m)) != NULL) message = format("%.*s", (int)m, v);
	ringtrip_free(answer);
	return message;
}

struct app *app_new(const char *server, uint64_t seed) {
	struct app *app = calloc(1, sizeof *app);
	app->server = server;
	char *problem = NULL;
	char *config = format("{\"seed\":%llu}", (unsigned long long)seed);
	app->phone = ringtrip_sim_create(config, (int64_t)strlen(config), happened, app, &problem);
	EXPECT(app->phone != 0, "%s", problem);
	free(config);
	return app;
}

static char *done(struct app *app, char *in) {
	char *answer = ringtrip_sim_do(app->phone, in, (int64_t)strlen(in));
	int64_t n;
	EXPECT(json_field(answer, (int64_t)strlen(answer), "error", &n) == NULL, "%s: %s", in, answer);
	free(in);
	bury(app);
	return answer;
}

void app_do(struct app *app, const char *pattern, ...) {
	va_list a;
	va_start(a, pattern);
	char in[512];
	vsnprintf(in, sizeof in, pattern, a);
	va_end(a);
	ringtrip_free(done(app, format("%s", in)));
}

char *app_look(struct app *app, const char *what) { return done(app, format("{\"look\":\"%s\"}", what)); }

static char *base64(const char *s) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(s), i;
	char *out = malloc((n + 2) / 3 * 4 + 1), *p = out;
	for (i = 0; i < n; i += 3) {
		unsigned v = (unsigned)(unsigned char)s[i] << 16;
		if (i + 1 < n) v |= (unsigned)(unsigned char)s[i + 1] << 8;
		if (i + 2 < n) v |= (unsigned char)s[i + 2];
		*p++ = digits[v >> 18];
		*p++ = digits[v >> 12 & 63];
		*p++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*p++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*p = 0;
	return out;
}

void app_push(struct app *app, int n) {
	char *payload = format(
		"{\"aps\":{},\"ringtrip\":{\"call\":\"01900000-0000-7000-8000-%012d\",\"name\":\"Alice\",\"handle\":\"alice\",\"handle_type\":1,"
		"\"sent_at\":2090000000000,\"expires_at\":2090000045000,\"token\":\"tok\"}}", n);
	char *coded = base64(payload);
	free(payload);
	char *in = format("{\"push\":\"%s\"}", coded);
	free(coded);
	ringtrip_free(done(app, in));
}

void app_free(struct app *app) {
	app->engine = 0;
	bury(app);
	ringtrip_sim_destroy(app->phone);
	bury(app);
	free(app);
}
