/* 32 threads that share one handle, or have one each ("own"); "small" gives them stacks of 16 KiB. Every kind of call
 * works, and none is ever told to try again. */
#include "threads.h"

enum { THREADS = 32, ROUNDS = 20, SMALL_STACK = 16384 };

static SaCkptHandleT shared;
static SaCkptCheckpointHandleT shared_checkpoint;
static int own;

static void sections(SaCkptCheckpointHandleT checkpoint, const char *mine)
{
	SaCkptSectionIterationHandleT iteration;
	SaCkptSectionDescriptorT section;
	SaCkptSectionIdT id = section_id(mine);
	int found = 0;

	OK(saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
	while (saCkptSectionIterationNext(iteration, &section) == SA_AIS_OK)
		found += section.sectionId.idLen == id.idLen && memcmp(section.sectionId.id, id.id, id.idLen) == 0;
	CHECK(found == 1);
	OK(saCkptSectionIterationFinalize(iteration));
}

static void work(SaCkptHandleT handle, SaCkptCheckpointHandleT checkpoint, const char *mine)
{
	SaCkptSectionIdT id = section_id(mine);
	SaCkptCheckpointDescriptorT status;
	SaCkptSectionIdT generated = SA_CKPT_GENERATED_SECTION_ID;
	SaCkptSectionCreationAttributesT create = {&generated, SA_TIME_END};
	SaCkptIOVectorElementT e;

	for (int i = 0; i < ROUNDS; i++) {
		SaCkptCheckpointHandleT other;

		OK(section_create(checkpoint, mine, "first", 5));
		OK(saCkptSectionOverwrite(checkpoint, &id, "second", 6));
		round_trip(checkpoint, mine);
		e = element(mine, NULL, 0);
		OK(saCkptCheckpointRead(checkpoint, &e, 1, NULL));
		CHECK(e.readSize == 64);
		OK(saCkptIOVectorElementDataFree(checkpoint, e.dataBuffer));
		OK(saCkptCheckpointStatusGet(checkpoint, &status));
		CHECK(status.numberOfSections >= 1);
		sections(checkpoint, mine);
		OK(saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
		OK(saCkptSectionDelete(checkpoint, &id));
		EXPECT(section_read(checkpoint, mine, &status, sizeof status), SA_AIS_ERR_NOT_EXIST);
		other = open_named(handle, "safCkpt=share");
		OK(saCkptCheckpointClose(other));
		EXPECT(saCkptCheckpointClose(other), SA_AIS_ERR_BAD_HANDLE);
	}
	OK(saCkptSectionCreate(checkpoint, &create, NULL, 0));
	OK(saCkptSectionDelete(checkpoint, &generated));
	OK(saCkptSectionIdFree(checkpoint, generated.id));
}

static void *run(void *number)
{
	SaCkptHandleT handle = shared;
	SaCkptCheckpointHandleT checkpoint = shared_checkpoint;
	char mine[32];

	snprintf(mine, sizeof mine, "s%d", *(int *)number);
	if (own) {
		handle = initialize(NULL);
		checkpoint = open_named(handle, "safCkpt=share");
	}
	work(handle, checkpoint, mine);
	if (own) {
		OK(saCkptFinalize(handle));
		EXPECT(saCkptFinalize(handle), SA_AIS_ERR_BAD_HANDLE);
		EXPECT(saCkptCheckpointClose(checkpoint), SA_AIS_ERR_BAD_HANDLE);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	size_t stack = 0;

	for (int i = 1; i < argc; i++) {
		own = own || strcmp(argv[i], "own") == 0;
		if (strcmp(argv[i], "small") == 0)
			stack = SMALL_STACK;
	}
	if (!own) {
		shared = initialize(NULL);
		shared_checkpoint = open_named(shared, "safCkpt=share");
	}
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		threads[i] = thread_start(stack, run, &numbers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	if (!own)
		OK(saCkptFinalize(shared));
	return 0;
}
