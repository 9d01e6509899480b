//go:build ignore

/*
 * calls.c: each function that takes a handle, with arguments that would do.
 */
#include "clovis.h"

static ClRcT selection_object_get(ClHandleT handle)
{
    ClSelectionObjectT object;
    return clCkptSelectionObjectGet(handle, &object);
}

static ClRcT dispatch(ClHandleT handle)
{
    return clCkptDispatch(handle, CL_DISPATCH_ALL);
}

static ClRcT open_checkpoint(ClHandleT handle)
{
    ClNameT name = name_of("never");
    Attributes a = attributes();
    ClCkptHdlT checkpoint;
    return clCkptCheckpointOpen(handle, &name, &a, RWC, 0, &checkpoint);
}

static ClRcT open_async(ClHandleT handle)
{
    ClNameT name = name_of("never");
    Attributes a = attributes();
    return clCkptCheckpointOpenAsync(handle, 1, &name, &a, RWC);
}

static ClRcT delete_checkpoint(ClHandleT handle)
{
    ClNameT name = name_of("never");
    return clCkptCheckpointDelete(handle, &name);
}

static ClRcT retention(ClHandleT handle)
{
    return clCkptCheckpointRetentionDurationSet(handle, SECOND);
}

static ClRcT status_get(ClHandleT handle)
{
    ClCkptCheckpointDescriptorT status;
    return clCkptCheckpointStatusGet(handle, &status);
}

static ClRcT create_section(ClHandleT handle)
{
    return section_create(handle, SID("abc"), (ClTimeT)CL_TIME_END, "abc", 3);
}

static ClRcT delete_section(ClHandleT handle)
{
    return section_delete(handle, SID("abc"));
}

static ClRcT expire(ClHandleT handle)
{
    return section_expire(handle, SID("abc"), (ClTimeT)CL_TIME_END);
}

static ClRcT iteration_initialize(ClHandleT handle)
{
    ClHandleT iteration;
    return clCkptSectionIterationInitialize(handle, CL_CKPT_SECTIONS_ANY, 0, &iteration);
}

static ClRcT iteration_next(ClHandleT handle)
{
    ClCkptSectionDescriptorT descriptor;
    return clCkptSectionIterationNext(handle, &descriptor);
}

static ClRcT write_section(ClHandleT handle)
{
    return section_write(handle, SID("abc"), 0, "abc", 3);
}

static ClRcT overwrite(ClHandleT handle)
{
    return section_overwrite(handle, SID("abc"), "abc", 3);
}

static ClRcT read_section(ClHandleT handle)
{
    char buffer[MAX_SIZE];
    return section_read(handle, SID("abc"), buffer, NULL);
}

static ClRcT synchronize(ClHandleT handle)
{
    return clCkptCheckpointSynchronize(handle, SECOND);
}

static ClRcT synchronize_async(ClHandleT handle)
{
    return clCkptCheckpointSynchronizeAsync(handle, 1);
}

static ClRcT register_consumer(ClHandleT handle)
{
    return consume(handle, NULL);
}

static ClRcT section_check(ClHandleT handle)
{
    ClCkptSectionIdT id = SID("abc");
    return clCkptSectionCheck(handle, &id);
}

static ClRcT read_sections(ClHandleT handle)
{
    ClCkptIOVectorElementT *elements;
    ClUint32T count;
    return clCkptCheckpointReadSections(handle, &elements, &count);
}

const struct handle_call handle_calls[] = {
    {"clCkptSelectionObjectGet", SERVICE, selection_object_get},
    {"clCkptDispatch", SERVICE, dispatch},
    {"clCkptCheckpointOpen", SERVICE, open_checkpoint},
    {"clCkptCheckpointOpenAsync", SERVICE, open_async},
    {"clCkptCheckpointDelete", SERVICE, delete_checkpoint},
    {"clCkptFinalize", SERVICE, clCkptFinalize},
    {"clCkptCheckpointRetentionDurationSet", CHECKPOINT, retention},
    {"clCkptActiveReplicaSet", CHECKPOINT, clCkptActiveReplicaSet},
    {"clCkptCheckpointStatusGet", CHECKPOINT, status_get},
    {"clCkptSectionCreate", CHECKPOINT, create_section},
    {"clCkptSectionDelete", CHECKPOINT, delete_section},
    {"clCkptSectionExpirationTimeSet", CHECKPOINT, expire},
    {"clCkptSectionIterationInitialize", CHECKPOINT, iteration_initialize},
    {"clCkptCheckpointWrite", CHECKPOINT, write_section},
    {"clCkptSectionOverwrite", CHECKPOINT, overwrite},
    {"clCkptCheckpointRead", CHECKPOINT, read_section},
    {"clCkptCheckpointSynchronize", CHECKPOINT, synchronize},
    {"clCkptCheckpointSynchronizeAsync", CHECKPOINT, synchronize_async},
    {"clCkptImmediateConsumptionRegister", CHECKPOINT, register_consumer},
    {"clCkptSectionCheck", CHECKPOINT, section_check},
    {"clCkptCheckpointReadSections", CHECKPOINT, read_sections},
    {"clCkptCheckpointClose", CHECKPOINT, clCkptCheckpointClose},
    {"clCkptSectionIterationNext", ITERATION, iteration_next},
    {"clCkptSectionIterationFinalize", ITERATION, clCkptSectionIterationFinalize},
};
const int handle_call_count = sizeof handle_calls / sizeof handle_calls[0];
