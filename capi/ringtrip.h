/*
 * ringtrip.h: the engine of package phone as a C library. This header is its manual.
 *
 * One engine serves one process of an app. It lives between the system (CallKit or LiveCommunicationKit, PushKit, the
 * audio session), a media SDK, and the server. It calls none of them: what it wants done it says through one callback,
 * and what happened it is told by ringtrip_tell. Both are JSON: the types In, Out and Answer of package capi/boundary,
 * which the Swift package has as structs, a file each, in Sources/RingtripEngine/Boundary (generated).
 *
 * Threads. Every function may be called from any thread. The callback is called from any thread, often from within
 * ringtrip_tell on the caller's own; it may call ringtrip_tell and ringtrip_state, and must return soon, for a push may
 * be waiting. It must not call ringtrip_destroy. When the answer to a log line, to a command or to sealKey is made, do not wait for
 * another thread that may be inside the engine.
 *
 * Strings are UTF-8 with a length, and need no final zero. Those that the engine is given belong to the caller, who may
 * free them when the function has returned. Those that it returns end with a zero, belong to the caller, and are freed
 * with ringtrip_free. No pointer is kept across a call except the callback and its context.
 *
 * A panic inside the engine never leaves it: it is answered as an error with the code "panic", and one on a thread of the
 * engine's own becomes a line in the log.
 */
#ifndef RINGTRIP_H
#define RINGTRIP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An engine, or 0 for none. Numbers are not used again within a process. */
typedef int64_t ringtrip_engine;

/*
 * What the engine says: an Out of `length` bytes. The answer, an Answer, is allocated with ringtrip_alloc or malloc and
 * is freed by the engine; NULL is the empty answer. `context` is what ringtrip_create was given.
 */
typedef char *(*ringtrip_callback)(void *context, const char *out, int64_t length);

#ifndef RINGTRIP_TYPES_ONLY /* set where the library itself is compiled: Go declares what it exports, without const */

/*
 * Makes an engine from a Config, at launch, on every launch, before anything that may fail or wait: the system can't
 * deliver a push to a process without a registry (Apple: Responding to VoIP Notifications from PushKit). The provider,
 * the push registry and the observers have been made through the callback when it returns. On failure it returns 0, and
 * if `error` is not NULL, *error says what was wrong and what to do; free it.
 */
ringtrip_engine ringtrip_create(const char *config, int64_t length, ringtrip_callback callback, void *context, char **error);

/*
 * Tells the engine what happened: an In. Returns an Answer, never NULL; free it. For a push (system.op
 * "registry.didReceive") the report has been made through the callback when it returns; it never waits for a network,
 * a disk or another thread's callback. An engine that does not exist answers with the code "closed".
 */
char *ringtrip_tell(ringtrip_engine engine, const char *in, int64_t length);

/* What the app's own screens show now: a Snapshot; free it. Never NULL. */
char *ringtrip_state(ringtrip_engine engine);

/*
 * Ends an engine as the death of its process would: nobody is told goodbye, and the journal keeps what lived. The
 * callback is not called any more when it returns. Doing it twice does nothing.
 */
void ringtrip_destroy(ringtrip_engine engine);

/*
 * Opens who calls, or called, as a push has it encrypted: a Sealed. Returns a Caller, never NULL; free it. It needs no
 * engine, so that a notification service extension may use it.
 */
char *ringtrip_open_caller(const char *in, int64_t length);

/* How many engines there are: 0 when nothing leaks. */
int64_t ringtrip_count(void);

/* The version of the library, as "0.3.0"; static, not to be freed. */
const char *ringtrip_version(void);

/* Allocates `size` bytes for an answer; NULL if there is no memory. */
char *ringtrip_alloc(int64_t size);

/* Frees what the library returned; NULL does nothing. */
void ringtrip_free(char *string);

/*
 * The simulated iPhone, in a library that is built with the tag iossim: one phone with one app on it, whose processes
 * live on this side. Types: Config, In, Out and Answer of package capi/simulator, Message of package callkit/wire.
 * Nothing happens while ringtrip_sim_do is not running: the callback is called from within it, on the same thread.
 */
typedef int64_t ringtrip_simulator;

/* Makes a phone from a Config. On failure it returns 0, and *error, if error is not NULL, says why; free it. */
ringtrip_simulator ringtrip_sim_create(const char *config, int64_t length, ringtrip_callback callback, void *context, char **error);

/* Does something to the phone, an In, and lets everything follow that follows at once. Returns an Answer; free it. */
char *ringtrip_sim_do(ringtrip_simulator simulator, const char *in, int64_t length);

/* A command of one of the app's processes, a Message. Returns a Message; free it. */
char *ringtrip_sim_system(ringtrip_simulator simulator, int64_t process, const char *command, int64_t length);

/* Ends a phone. The callback is not called any more when it returns. */
void ringtrip_sim_destroy(ringtrip_simulator simulator);

#endif /* RINGTRIP_TYPES_ONLY */

#ifdef __cplusplus
}
#endif

#endif
