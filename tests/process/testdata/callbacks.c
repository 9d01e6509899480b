/* What callbacks may do: call the library, finalize the handle they run for, and never return. */
#include <poll.h>
#include <setjmp.h>
#include <stdint.h>

#include "threads.h"

static SaCkptHandleT handle;
static SaCkptCheckpointHandleT opened;
static int calls;
static SaInvocationT last;
static jmp_buf out;
static enum { USE, FINALIZE, JUMP, EXIT } action;

static void open_again(SaInvocationT invocation)
{
	SaCkptCheckpointCreationAttributesT a = attributes();
	SaNameT name;

	name_set(&name, "safCkpt=callbacks");
	OK(saCkptCheckpointOpenAsync(handle, invocation, &name, &a,
				     SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE));
}

static void on_open(SaInvocationT invocation, SaCkptCheckpointHandleT checkpoint, SaAisErrorT error)
{
	EXPECT(error, SA_AIS_OK);
	calls++;
	last = invocation;
	opened = checkpoint;
	switch (action) {
	case USE:
		if (section_create(checkpoint, "s", "", 0) != SA_AIS_ERR_EXIST)
			EXPECT(section_create(checkpoint, "s", "", 0), SA_AIS_ERR_EXIST);
		round_trip(checkpoint, "s");
		OK(saCkptDispatch(handle, SA_DISPATCH_ALL)); /* inside itself */
		OK(saCkptCheckpointClose(checkpoint));
		break;
	case FINALIZE:
		OK(saCkptFinalize(handle));
		break;
	case JUMP:
		longjmp(out, 1);
	case EXIT:
		pthread_exit(&calls);
	}
}

static const SaCkptCallbacksT callbacks = {on_open, NULL};

static void await_callback(void)
{
	SaSelectionObjectT selection;
	struct pollfd p;

	OK(saCkptSelectionObjectGet(handle, &selection));
	p.fd = (int)selection;
	p.events = POLLIN;
	CHECK(poll(&p, 1, 10000) == 1);
}

static void use(void)
{
	action = USE;
	calls = 0;
	open_again(UINT64_MAX);
	await_callback();
	OK(saCkptDispatch(handle, SA_DISPATCH_ONE));
	CHECK(calls == 1 && last == UINT64_MAX);
	EXPECT(saCkptCheckpointClose(opened), SA_AIS_ERR_BAD_HANDLE);
}

/* The handle goes away in the middle of a Dispatch. */
static void finalize(SaDispatchFlagsT flags, SaAisErrorT expected)
{
	handle = initialize(&callbacks);
	action = FINALIZE;
	calls = 0;
	open_again(1);
	await_callback();
	EXPECT(saCkptDispatch(handle, flags), expected);
	CHECK(calls == 1);
	EXPECT(saCkptDispatch(handle, flags), SA_AIS_ERR_BAD_HANDLE);
	EXPECT(saCkptCheckpointClose(opened), SA_AIS_ERR_BAD_HANDLE);
}

static void jump(SaDispatchFlagsT flags)
{
	action = JUMP;
	for (volatile int i = 0; i < 100; i++) {
		open_again((SaInvocationT)i);
		if (flags != SA_DISPATCH_BLOCKING)
			await_callback();
		if (setjmp(out) == 0) {
			saCkptDispatch(handle, flags);
			CHECK(!"a callback that jumps has returned");
		}
		CHECK(last == (SaInvocationT)i);
		OK(saCkptCheckpointClose(opened));
	}
}

static void *dispatch(void *flags)
{
	saCkptDispatch(handle, *(SaDispatchFlagsT *)flags);
	CHECK(!"a callback that ends its thread has returned");
	return NULL;
}

static void leave(void)
{
	SaDispatchFlagsT flags = SA_DISPATCH_BLOCKING;

	action = EXIT;
	for (int i = 0; i < 20; i++) {
		open_again(2);
		CHECK(thread_join(thread_start(0, dispatch, &flags)) == &calls);
		OK(saCkptCheckpointClose(opened));
	}
}

int main(void)
{
	finalize(SA_DISPATCH_ONE, SA_AIS_OK);
	finalize(SA_DISPATCH_ALL, SA_AIS_ERR_BAD_HANDLE);
	finalize(SA_DISPATCH_BLOCKING, SA_AIS_OK);
	handle = initialize(&callbacks);
	use();
	jump(SA_DISPATCH_ONE);
	jump(SA_DISPATCH_ALL);
	jump(SA_DISPATCH_BLOCKING);
	leave();
	use();
	OK(saCkptFinalize(handle));
	return 0;
}
