/* A fork after the engine was loaded: every call in the child fails at once, and the parent goes on. */
#include <sys/wait.h>

#include "check.h"

static SaCkptHandleT handle;
static SaCkptCheckpointHandleT checkpoint;
static SaCkptSectionIterationHandleT iteration;

static void arrived(const SaCkptCheckpointHandleT c, SaCkptIOVectorElementT *v, SaUint32T n)
{
	(void)c;
	(void)v;
	(void)n;
}

/* Each call by itself must be quick. */
#define DEAD(call) \
	do { \
		double before_ = now_s(); \
		EXPECT(call, SA_AIS_ERR_LIBRARY); \
		CHECK(now_s() - before_ < 0.1); \
		calls++; \
	} while (0)

static void child(void)
{
	SaCkptCallbacksT callbacks = {NULL, NULL};
	SaCkptCallbacksT_2 callbacks_2 = {NULL, NULL, NULL};
	SaVersionT version = {'B', 2, 3};
	SaCkptCheckpointCreationAttributesT a = attributes();
	SaCkptSectionIdT id = section_id("s");
	SaCkptSectionCreationAttributesT create = {&id, SA_TIME_END};
	SaCkptCheckpointDescriptorT status;
	SaCkptSectionDescriptorT section;
	SaSelectionObjectT selection;
	SaCkptHandleT other;
	SaCkptCheckpointHandleT other_checkpoint;
	SaCkptSectionIterationHandleT other_iteration;
	char data[8] = "data";
	SaCkptIOVectorElementT e = element("s", data, sizeof data);
	SaUint32T index;
	SaNameT name;
	SaCkptCheckpointOpenFlagsT flags = SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_CREATE;
	int calls = 0;

	saAisNameLend("safCkpt=forked", &name);
	CHECK(strcmp(saAisNameBorrow(&name), "safCkpt=forked") == 0);
	DEAD(saCkptInitialize(&other, &callbacks, &version));
	DEAD(saCkptInitialize_2(&other, &callbacks_2, &version));
	DEAD(saCkptSelectionObjectGet(handle, &selection));
	DEAD(saCkptDispatch(handle, SA_DISPATCH_BLOCKING));
	DEAD(saCkptCheckpointOpen(handle, &name, &a, flags, SA_TIME_END, &other_checkpoint));
	DEAD(saCkptCheckpointOpenAsync(handle, 1, &name, &a, flags));
	DEAD(saCkptCheckpointUnlink(handle, &name));
	DEAD(saCkptCheckpointRetentionDurationSet(checkpoint, 1));
	DEAD(saCkptActiveReplicaSet(checkpoint));
	DEAD(saCkptCheckpointStatusGet(checkpoint, &status));
	DEAD(saCkptSectionCreate(checkpoint, &create, data, sizeof data));
	DEAD(saCkptSectionIdFree(checkpoint, id.id));
	DEAD(saCkptSectionDelete(checkpoint, &id));
	DEAD(saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
	DEAD(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &other_iteration));
	DEAD(saCkptSectionIterationNext(iteration, &section));
	DEAD(saCkptSectionIterationFinalize(iteration));
	DEAD(saCkptCheckpointWrite(checkpoint, &e, 1, &index));
	DEAD(saCkptSectionOverwrite(checkpoint, &id, data, sizeof data));
	DEAD(saCkptCheckpointRead(checkpoint, &e, 1, &index));
	DEAD(saCkptIOVectorElementDataFree(checkpoint, data));
	DEAD(saCkptCheckpointSynchronize(checkpoint, SA_TIME_END));
	DEAD(saCkptCheckpointSynchronizeAsync(checkpoint, 1));
	DEAD(ncsCkptRegisterCkptArrivalCallback(handle, arrived));
	DEAD(saCkptTrack(handle));
	DEAD(saCkptTrackStop(handle));
	DEAD(saCkptCheckpointTrack(checkpoint));
	DEAD(saCkptCheckpointTrackStop(checkpoint));
	DEAD(saCkptCheckpointClose(checkpoint));
	DEAD(saCkptFinalize(handle));
	CHECK(calls == 30);
	_exit(0);
}

static void fork_and_wait(void)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		child();
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	SaCkptSectionDescriptorT section;

	handle = initialize(NULL);
	checkpoint = open_named(handle, "safCkpt=forked");
	OK(section_create(checkpoint, "s", "12345678", 8));
	OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
	for (int i = 0; i < 20; i++) {
		fork_and_wait();
		round_trip(checkpoint, "s");
	}
	OK(saCkptSectionIterationNext(iteration, &section));
	OK(saCkptFinalize(handle));
	return 0;
}
