/* What the programs here share: checks that end the program with a message, and a checkpoint to work on. */
#ifndef PROCESS_CHECK_H
#define PROCESS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <opensaf/cpsv_papi.h>
#include <saCkpt.h>
#include <saCkpt_B_02_03.h>

#include "ensure.h"

#define OK(call) EXPECT(call, SA_AIS_OK)

static inline double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void name_set(SaNameT *name, const char *text)
{
	name->length = (SaUint16T)strlen(text);
	memcpy(name->value, text, name->length);
}

static inline SaCkptHandleT initialize(const SaCkptCallbacksT *callbacks)
{
	SaVersionT version = {'B', 2, 2};
	SaCkptHandleT handle;

	OK(saCkptInitialize(&handle, callbacks, &version));
	return handle;
}

static inline SaCkptCheckpointCreationAttributesT attributes(void)
{
	SaCkptCheckpointCreationAttributesT a;

	memset(&a, 0, sizeof a);
	a.creationFlags = SA_CKPT_WR_ALL_REPLICAS;
	a.checkpointSize = 64 * 4096;
	a.retentionDuration = 0;
	a.maxSections = 64;
	a.maxSectionSize = 4096;
	a.maxSectionIdSize = 32;
	return a;
}

static inline SaCkptCheckpointHandleT open_named(SaCkptHandleT handle, const char *text)
{
	SaCkptCheckpointCreationAttributesT a = attributes();
	SaCkptCheckpointHandleT checkpoint;
	SaNameT name;

	name_set(&name, text);
	OK(saCkptCheckpointOpen(handle, &name, &a,
				SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE,
				10 * SA_TIME_ONE_SECOND, &checkpoint));
	return checkpoint;
}

static inline SaCkptSectionIdT section_id(const char *text)
{
	SaCkptSectionIdT id;

	id.idLen = (SaUint16T)strlen(text);
	id.id = (SaUint8T *)(size_t)text;
	return id;
}

static inline SaAisErrorT section_create(SaCkptCheckpointHandleT checkpoint, const char *id, const void *data, size_t size)
{
	SaCkptSectionIdT section = section_id(id);
	SaCkptSectionCreationAttributesT a;

	a.sectionId = &section;
	a.expirationTime = SA_TIME_END;
	return saCkptSectionCreate(checkpoint, &a, data, size);
}

static inline SaCkptIOVectorElementT element(const char *id, void *data, size_t size)
{
	SaCkptIOVectorElementT e;

	memset(&e, 0, sizeof e);
	e.sectionId = section_id(id);
	e.dataBuffer = data;
	e.dataSize = size;
	return e;
}

static inline SaAisErrorT section_write(SaCkptCheckpointHandleT checkpoint, const char *id, const void *data, size_t size)
{
	SaCkptIOVectorElementT e = element(id, (void *)(size_t)data, size);

	return saCkptCheckpointWrite(checkpoint, &e, 1, NULL);
}

static inline SaAisErrorT section_read(SaCkptCheckpointHandleT checkpoint, const char *id, void *data, size_t size)
{
	SaCkptIOVectorElementT e = element(id, data, size);

	return saCkptCheckpointRead(checkpoint, &e, 1, NULL);
}

/* Writes and reads back, so that the whole way to the service is known to work. */
static inline void round_trip(SaCkptCheckpointHandleT checkpoint, const char *id)
{
	char wrote[64], read[64];

	snprintf(wrote, sizeof wrote, "%s %d %f", id, (int)getpid(), now_s());
	memset(read, 0, sizeof read);
	OK(section_write(checkpoint, id, wrote, sizeof wrote));
	OK(section_read(checkpoint, id, read, sizeof read));
	CHECK(strcmp(wrote, read) == 0);
}

#endif
