/* Immediate consumption: what the callbacks get, and the thread that they run on. A child, forked before the library is used,
 * is the other process that writes. */
#define CL_CKPT_SDK 60
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <clCkptApi.h>
#include <clCkptExtApi.h>
#include <clCkptErrors.h>
#include <clHeapApi.h>

#include "check.h"

ClRcT clCkptImmediateConsumptionRegister_23(ClCkptHdlT handle, ClRcT (*callback)(ClNameT *name, ClCkptHdlT handle));

#define RC(call, expected) EXPECT(call, expected)
#define NAME "consumption"
#define LARGE (300 * 1024)	/* more than an event carries */
#define FLOOD 70000		/* more than wait on a handle */
#define WAIT_S 20

static ClCkptSvcHdlT service(void)
{
	ClVersionT version = {'B', 1, 1};
	ClCkptSvcHdlT handle;

	RC(clCkptInitialize(&handle, NULL, &version), CL_OK);
	return handle;
}

static ClCkptHdlT opened(ClCkptSvcHdlT handle, ClCkptOpenFlagsT flags)
{
	ClCkptCheckpointCreationAttributesT a = {
		.creationFlags = CL_CKPT_WR_ALL_REPLICAS | CL_CKPT_DISTRIBUTED, .maxSections = 64, .maxSectionSize = LARGE,
		.maxSectionIdSize = 32,
	};
	ClCkptHdlT checkpoint;
	ClNameT name;

	clNameSet(&name, NAME);
	RC(clCkptCheckpointOpen(handle, &name, flags & CL_CKPT_CHECKPOINT_CREATE ? &a : NULL, flags, 0, &checkpoint), CL_OK);
	return checkpoint;
}

static ClCkptSectionIdT id_of(const char *text)
{
	return (ClCkptSectionIdT){(ClUint16T)strlen(text), (ClUint8T *)(uintptr_t)text};
}

static ClRcT create(ClCkptHdlT c, const char *id, const char *data, ClTimeT expires)
{
	ClCkptSectionIdT section = id_of(id);
	ClCkptSectionCreationAttributesT a = {&section, expires};

	return clCkptSectionCreate(c, &a, (const ClUint8T *)data, strlen(data));
}

static void overwrite(ClCkptHdlT c, const char *id, const void *data, size_t size)
{
	ClCkptSectionIdT section = id_of(id);

	RC(clCkptSectionOverwrite(c, &section, data, size), CL_OK);
}

/* ---- The other process: carries out one letter after the other, and confirms each ---- */

static ClTimeT wall_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (ClTimeT)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void write_two(ClCkptHdlT c)
{
	ClCkptIOVectorElementT v[2] = {
		{.sectionId = id_of("a"), .dataBuffer = "XY", .dataSize = 2, .dataOffset = 1},
		{.sectionId = id_of("b"), .dataBuffer = "hello", .dataSize = 5, .dataOffset = 3},
	};

	RC(clCkptCheckpointWrite(c, v, 2, NULL), CL_OK);
}

static void large(ClCkptHdlT c)
{
	char *data = malloc(LARGE);

	CHECK(data != NULL);
	for (int i = 0; i < LARGE; i++)
		data[i] = (char)(i % 251);
	overwrite(c, "a", data, LARGE);
	free(data);
}

/* Through the other API, which is the same service. */
static void write_ais(void)
{
	SaCkptHandleT handle = initialize(NULL);
	SaCkptCheckpointHandleT checkpoint;
	SaNameT name;

	name_set(&name, NAME);
	OK(saCkptCheckpointOpen(handle, &name, NULL, SA_CKPT_CHECKPOINT_WRITE, 0, &checkpoint));
	OK(section_write(checkpoint, "a", "ais", 3));
	OK(saCkptFinalize(handle));
}

static void carry_out(ClCkptSvcHdlT handle, ClCkptHdlT c, char letter)
{
	ClCkptSectionIdT b = id_of("b");
	char text[32];

	switch (letter) {
	case 'c':
		RC(create(c, "a", "abcd", CL_TIME_END), CL_OK);
		RC(create(c, "b", "", CL_TIME_END), CL_CKPT_ERR_INVALID_PARAMETER);
		RC(create(c, "b", "-", CL_TIME_END), CL_OK);
		break;
	case 'w':
		write_two(c);
		break;
	case 'o':
		overwrite(c, "a", "new", 3);
		break;
	case 'l':
		large(c);
		break;
	case 'd':
		RC(clCkptSectionDelete(c, &b), CL_OK);
		break;
	case 's':
		write_ais();
		break;
	case 'e':
		RC(create(c, "x", "gone", wall_clock_ns() + 1200000000), CL_OK);
		break;
	case 't':	/* the writing handle is closed at once */
		c = opened(handle, CL_CKPT_CHECKPOINT_WRITE);
		overwrite(c, "a", "closed", 6);
		RC(clCkptCheckpointClose(c), CL_OK);
		break;
	case 'f':
		for (int i = 0; i < FLOOD; i++) {
			snprintf(text, sizeof text, "%d", i);
			overwrite(c, "a", text, strlen(text));
		}
		break;
	default:
		CHECK(!"a letter");
	}
}

static int to_child[2], from_child[2];

static void child(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_CREATE);
	char letter = '!';

	do {
		if (letter != '!')
			carry_out(handle, c, letter);
		CHECK(write(from_child[1], &letter, 1) == 1);
	} while (read(to_child[0], &letter, 1) == 1);
	RC(clCkptFinalize(handle), CL_OK);
	_exit(0);
}

static void ask(char letter)
{
	CHECK(write(to_child[1], &letter, 1) == 1);
}

static void answered(void)
{
	char letter;

	CHECK(read(from_child[0], &letter, 1) == 1);
}

static void other(char letter)
{
	ask(letter);
	answered();
}

/* ---- What comes ---- */

struct seen {
	ClCkptHdlT handle;
	ClUint32T count;
	ClPtrT cookie;
	pthread_t thread;
	struct { char id[33]; char data[64]; ClSizeT size, read_size; ClOffsetT offset; bool large; } element[4];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct seen seen[16];
static int calls, calls_23;
static bool blocked;

static bool is_large(const ClCkptIOVectorElementT *e)
{
	const unsigned char *data = e->dataBuffer;

	for (int i = 0; i < LARGE; i++)
		if (data[i] != i % 251)
			return false;
	return true;
}

static void note(ClCkptHdlT handle, const ClNameT *name, const ClCkptIOVectorElementT *v, ClUint32T count, ClPtrT cookie)
{
	struct seen *s = &seen[calls % 16];
	sigset_t mask;

	CHECK(name->length == strlen(NAME) && memcmp(name->value, NAME, name->length) == 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int signal = 1; signal < 32; signal++)
		CHECK(signal == SIGKILL || signal == SIGSTOP || sigismember(&mask, signal) == 1);
	memset(s, 0, sizeof *s);
	s->handle = handle;
	s->count = count;
	s->cookie = cookie;
	s->thread = pthread_self();
	for (ClUint32T i = 0; i < count && i < 4; i++) {
		CHECK(v[i].sectionId.idLen <= 32 && v[i].sectionId.id[v[i].sectionId.idLen] == 0);
		memcpy(s->element[i].id, v[i].sectionId.id, v[i].sectionId.idLen);
		s->element[i].size = v[i].dataSize;
		s->element[i].read_size = v[i].readSize;
		s->element[i].offset = v[i].dataOffset;
		if (v[i].dataSize < sizeof s->element[i].data && v[i].dataSize > 0)
			memcpy(s->element[i].data, v[i].dataBuffer, v[i].dataSize);
		s->element[i].large = v[i].dataSize == LARGE && is_large(&v[i]);
	}
	calls++;
}

static ClRcT on_change(ClCkptHdlT handle, ClNameT *name, ClCkptIOVectorElementT *v, ClUint32T count, ClPtrT cookie)
{
	pthread_mutex_lock(&lock);
	note(handle, name, v, count, cookie);
	pthread_cond_broadcast(&changed);
	while (blocked)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return 17;	/* ignored */
}

static ClRcT on_change_23(ClNameT *name, ClCkptHdlT handle)
{
	pthread_mutex_lock(&lock);
	CHECK(handle != 0 && name->length == strlen(NAME));
	calls_23++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return CL_OK;
}

/* Waits until there have been n calls. */
static void await(const int *counter, int n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	pthread_mutex_lock(&lock);
	while (*counter < n)
		CHECK(pthread_cond_timedwait(&changed, &lock, &until) == 0);
	pthread_mutex_unlock(&lock);
}

static void is(int call, int i, const char *id, ClOffsetT offset, const char *data)
{
	CHECK(strcmp(seen[call].element[i].id, id) == 0);
	CHECK(seen[call].element[i].offset == offset);
	CHECK(seen[call].element[i].size == strlen(data) && seen[call].element[i].read_size == strlen(data));
	CHECK(strcmp(seen[call].element[i].data, data) == 0);
}

static int threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = -2;

	CHECK(tasks != NULL);
	while (readdir(tasks) != NULL)
		n++;
	closedir(tasks);
	return n;
}

/* ---- The tests ---- */

/* What each kind of update gives, with a handle that is opened for nothing. */
static void contents(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, 0);
	int cookie;

	calls = 0;
	RC(clCkptImmediateConsumptionRegister(c, on_change, &cookie), CL_OK);
	other('c');
	other('w');
	await(&calls, 1);	/* creations are not told of */
	CHECK(seen[0].handle == c && seen[0].cookie == &cookie && seen[0].count == 2);
	is(0, 0, "a", 1, "XY");
	is(0, 1, "b", 3, "hello");
	other('o');
	await(&calls, 2);
	CHECK(seen[1].count == 1);
	is(1, 0, "a", 0, "new");
	other('l');
	await(&calls, 3);
	CHECK(seen[2].count == 1 && seen[2].element[0].large && seen[2].element[0].offset == 0);
	other('d');
	await(&calls, 4);
	CHECK(seen[3].count == 1);
	is(3, 0, "b", 0, "");
	other('s');
	await(&calls, 5);
	is(4, 0, "a", 0, "ais");
	other('t');
	await(&calls, 6);
	is(5, 0, "a", 0, "closed");
	other('e');
	await(&calls, 7);
	is(6, 0, "x", 0, "");
	for (int i = 1; i < 7; i++)
		CHECK(pthread_equal(seen[i].thread, seen[0].thread) && !pthread_equal(seen[i].thread, pthread_self()));
	RC(clCkptFinalize(handle), CL_OK);
	CHECK(calls == 7);
}

/* No handle of the process that writes is told, not even when the one that wrote has been closed. */
static void own_writes(void)
{
	ClCkptSvcHdlT first = service(), second = service();
	ClCkptHdlT reader = opened(first, CL_CKPT_CHECKPOINT_READ), writer = opened(second, CL_CKPT_CHECKPOINT_WRITE);

	calls = 0;
	RC(clCkptImmediateConsumptionRegister(reader, on_change, NULL), CL_OK);
	RC(clCkptImmediateConsumptionRegister(writer, on_change, NULL), CL_OK);
	overwrite(writer, "a", "own", 3);
	RC(clCkptCheckpointClose(writer), CL_OK);
	write_ais();
	other('o');
	await(&calls, 1);
	is(0, 0, "a", 0, "new");
	RC(clCkptFinalize(second), CL_OK);
	RC(clCkptFinalize(first), CL_OK);
	CHECK(calls == 1);
}

/* Every handle has a callback of its own, one of either type; a later one replaces it, NULL ends it. */
static void registrations(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT one = opened(handle, CL_CKPT_CHECKPOINT_READ), two = opened(handle, CL_CKPT_CHECKPOINT_READ);

	calls = calls_23 = 0;
	RC(clCkptImmediateConsumptionRegister(one, on_change, "one"), CL_OK);
	RC(clCkptImmediateConsumptionRegister_23(two, on_change_23), CL_OK);
	other('o');
	await(&calls, 1);
	await(&calls_23, 1);
	RC(clCkptImmediateConsumptionRegister(two, on_change, "two"), CL_OK);
	RC(clCkptImmediateConsumptionRegister_23(one, on_change_23), CL_OK);
	other('o');
	await(&calls, 2);
	await(&calls_23, 2);
	CHECK(strcmp(seen[1].cookie, "two") == 0 && seen[1].handle == two);
	is(1, 0, "a", 0, "new");
	RC(clCkptImmediateConsumptionRegister(one, NULL, NULL), CL_OK);
	other('o');
	await(&calls, 3);
	RC(clCkptImmediateConsumptionRegister_23(two, NULL), CL_OK);
	RC(clCkptImmediateConsumptionRegister_23(two, NULL), CL_OK);
	other('o');
	RC(clCkptImmediateConsumptionRegister_23(one, on_change_23), CL_OK);
	other('o');
	await(&calls_23, 3);
	CHECK(calls == 3);
	RC(clCkptCheckpointClose(one), CL_OK);
	RC(clCkptImmediateConsumptionRegister(one, on_change, NULL), CL_CKPT_ERR_INVALID_HANDLE);
	RC(clCkptImmediateConsumptionRegister(handle, on_change, NULL), CL_CKPT_ERR_INVALID_HANDLE);
	RC(clCkptFinalize(handle), CL_OK);
	CHECK(calls == 3 && calls_23 == 3);
}

/* A service handle has one thread, from its first registration until it is finalized. */
static void thread_ends(void)
{
	ClCkptSvcHdlT keep = service();
	ClCkptHdlT kept = opened(keep, CL_CKPT_CHECKPOINT_READ);

	/* The engine starts threads as it likes, but not for ever. */
	for (int i = 0, most = threads() + 16; i < 200; i++) {
		ClCkptSvcHdlT handle = service();
		ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ), d = opened(handle, CL_CKPT_CHECKPOINT_READ);

		RC(clCkptImmediateConsumptionRegister(c, on_change, NULL), CL_OK);
		RC(clCkptImmediateConsumptionRegister(d, on_change, NULL), CL_OK);
		RC(clCkptFinalize(handle), CL_OK);
		CHECK(threads() < most);
	}
	RC(clCkptCheckpointClose(kept), CL_OK);
	RC(clCkptFinalize(keep), CL_OK);
}

static enum { FINALIZE, CLOSE, REGISTER, EXIT } action;
static ClCkptSvcHdlT acting;

static ClRcT act(ClCkptHdlT handle, ClNameT *name, ClCkptIOVectorElementT *v, ClUint32T count, ClPtrT cookie)
{
	char data[8] = "";
	ClCkptIOVectorElementT e = {.sectionId = id_of("a"), .dataBuffer = data, .dataSize = 3};
	ClUint32T bad;

	(void)name;
	(void)cookie;
	CHECK(count == 1 && v[0].dataSize == 3);
	RC(clCkptCheckpointRead(handle, &e, 1, &bad), CL_OK);
	CHECK(memcmp(data, v[0].dataBuffer, 3) == 0);
	switch (action) {
	case FINALIZE:
		RC(clCkptFinalize(acting), CL_OK);
		RC(clCkptCheckpointClose(handle), CL_CKPT_ERR_INVALID_HANDLE);
		break;
	case CLOSE:
		RC(clCkptCheckpointClose(handle), CL_OK);
		break;
	case REGISTER:
		RC(clCkptImmediateConsumptionRegister(handle, NULL, NULL), CL_OK);
		RC(clCkptImmediateConsumptionRegister(handle, on_change, NULL), CL_OK);
		break;
	case EXIT:
		break;
	}
	pthread_mutex_lock(&lock);
	calls++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	if (action == EXIT)
		pthread_exit(NULL);
	return CL_OK;
}

/* A callback may call any function, and need not return. */
static void inside(void)
{
	for (int i = FINALIZE; i <= EXIT; i++) {
		ClCkptSvcHdlT handle = acting = service();
		ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ);

		action = i;
		calls = 0;
		RC(clCkptImmediateConsumptionRegister(c, act, NULL), CL_OK);
		other('o');
		await(&calls, 1);
		for (int n = 2; n < 10 && (i == REGISTER || i == EXIT); n++) {	/* it goes on, with another thread if need be */
			other('o');
			await(&calls, n);
		}
		RC(clCkptFinalize(handle), i == FINALIZE ? CL_CKPT_ERR_INVALID_HANDLE : CL_OK);
	}
}

/* Ending notifications waits for a callback, but not for ever. */
static void running(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ);
	double start;

	calls = 0;
	blocked = true;
	RC(clCkptImmediateConsumptionRegister(c, on_change, NULL), CL_OK);
	other('o');
	await(&calls, 1);
	start = now_s();
	RC(clCkptFinalize(handle), CL_OK);
	CHECK(now_s() - start < WAIT_S);
	pthread_mutex_lock(&lock);
	blocked = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* The thread is not in a forked child, and nothing in it waits for it. */
static void forked(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ);
	int status;
	pid_t pid;

	calls = 0;
	RC(clCkptImmediateConsumptionRegister(c, on_change, NULL), CL_OK);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		alarm(WAIT_S);
		RC(clCkptImmediateConsumptionRegister(c, NULL, NULL), CL_CKPT_ERR_UNSPECIFIED);
		RC(clCkptCheckpointClose(c), CL_CKPT_ERR_UNSPECIFIED);
		RC(clCkptFinalize(handle), CL_CKPT_ERR_UNSPECIFIED);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	other('o');
	await(&calls, 1);
	RC(clCkptFinalize(handle), CL_OK);
}

/* More updates than are kept: the last state is told of in the end. */
static void flood(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ);
	char last[32];

	snprintf(last, sizeof last, "%d", FLOOD - 1);
	calls = 0;
	blocked = true;
	RC(clCkptImmediateConsumptionRegister(c, on_change, NULL), CL_OK);
	other('o');
	await(&calls, 1);
	other('f');
	pthread_mutex_lock(&lock);
	blocked = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (int n = 2; strcmp(seen[(n - 2) % 16].element[0].data, last) != 0; n++) {
		await(&calls, n);
		pthread_mutex_lock(&lock);
		n = calls;
		pthread_mutex_unlock(&lock);
		if (strcmp(seen[(n - 1) % 16].element[0].data, last) == 0)
			break;
	}
	CHECK(calls < FLOOD);	/* the others were told of with it */
	RC(clCkptFinalize(handle), CL_OK);
}

/* The service is killed and started again between updates: those after it are told of, what it did not live to tell, too. */
static void killed(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptHdlT c = opened(handle, CL_CKPT_CHECKPOINT_READ | CL_CKPT_CHECKPOINT_WRITE);
	char line[64];

	calls = 0;
	RC(clCkptImmediateConsumptionRegister(c, on_change, NULL), CL_OK);
	for (int round = 0; round < 3; round++) {
		int before;

		other('o');
		await(&calls, 1);
		printf("kill\n");
		fflush(stdout);
		CHECK(fgets(line, sizeof line, stdin) != NULL);
		before = calls;
		other('t');	/* the first one may wait until the service is back */
		await(&calls, before + 1);
		is(before % 16, 0, "a", 0, "closed");
		overwrite(c, "a", "own", 3);
		before = calls;
		other('l');
		await(&calls, before + 1);
		CHECK(seen[before % 16].element[0].large);
		calls = 0;
	}
	RC(clCkptFinalize(handle), CL_OK);
}

static ClCkptHdlT cancelled_handle;
static _Atomic pid_t cancelled_thread;

static void *registering(void *unused)
{
	cancelled_thread = gettid();
	clCkptImmediateConsumptionRegister(cancelled_handle, on_change, NULL);
	CHECK(!"the service is stopped, and a call has returned");
	return unused;
}

static void *reading(void *unused)
{
	ClCkptIOVectorElementT *v;
	ClUint32T n;

	cancelled_thread = gettid();
	clCkptCheckpointReadSections(cancelled_handle, &v, &n);
	CHECK(!"the service is stopped, and a call has returned");
	return unused;
}

/* Starts a thread, waits until it sleeps in its call, and cancels it. */
static void cancel(void *(*run)(void *))
{
	char path[64], text[256] = "";
	pthread_t thread;
	void *result;

	cancelled_thread = 0;
	CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
	for (double start = now_s(); strstr(text, "futex") == NULL; usleep(1000)) {
		FILE *f;

		CHECK(now_s() - start < 8);
		if (cancelled_thread == 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)cancelled_thread);
		f = fopen(path, "r");
		CHECK(f != NULL);
		if (fgets(text, sizeof text, f) != NULL && atoi(text) == SYS_futex)
			strcpy(text, "futex");
		fclose(f);
	}
	CHECK(pthread_cancel(thread) == 0);
	CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

/* A thread that is cancelled in its wait leaves nothing behind that others would wait for. */
static void cancellation(void)
{
	ClCkptSvcHdlT handle = service();
	ClCkptIOVectorElementT *v;
	ClUint32T n;
	char line[64];

	cancelled_handle = opened(handle, CL_CKPT_CHECKPOINT_READ);
	calls = 0;
	printf("stop\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	cancel(registering);
	cancel(reading);
	printf("go on\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof line, stdin) != NULL);
	RC(clCkptImmediateConsumptionRegister(cancelled_handle, NULL, NULL), CL_OK);
	RC(clCkptImmediateConsumptionRegister(cancelled_handle, on_change, NULL), CL_OK);
	other('o');
	await(&calls, 1);
	RC(clCkptCheckpointReadSections(cancelled_handle, &v, &n), CL_OK);
	CHECK(n == 2 && v[0].readSize == 3 && v[0].dataSize == 3 && memcmp(v[0].dataBuffer, "new", 4) == 0);
	RC(clCkptIOVectorFree(v, n), CL_OK);
	clHeapFree(v);
	RC(clCkptFinalize(handle), CL_OK);
}

static const struct { const char *name; void (*run)(void); } tests[] = {
	{"contents", contents}, {"own", own_writes}, {"registrations", registrations}, {"thread", thread_ends},
	{"inside", inside}, {"running", running}, {"forked", forked}, {"flood", flood},
	{"killed", killed}, {"cancellation", cancellation},
};

int main(int argc, char **argv)
{
	size_t i = 0;
	pid_t pid;
	int status;

	CHECK(argc == 2);
	while (i < sizeof tests / sizeof *tests && strcmp(tests[i].name, argv[1]) != 0)
		i++;
	CHECK(i < sizeof tests / sizeof *tests);
	CHECK(pipe(to_child) == 0 && pipe(from_child) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		close(to_child[1]);
		child();
	}
	close(to_child[0]);
	answered();	/* the checkpoint exists */
	if (tests[i].run != contents)
		other('c');
	tests[i].run();
	close(to_child[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}
