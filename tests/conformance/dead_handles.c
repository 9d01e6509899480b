//go:build ignore

/*
 * dead_handles.c: every function, given a handle that is not valid, or stale.
 */
#include "harness.h"

#include "recorder.h"

void library_calls_give(SaAisErrorT code, SaCkptHandleT library)
{
    const SaNameT name = name_of("never");
    const Attributes a = attributes();
    SaSelectionObjectT object = 4711;
    SaCkptCheckpointHandleT checkpoint = 4711;

    RC(code, saCkptSelectionObjectGet(library, &object));
    EQUAL(4711, object);
    RC(code, saCkptDispatch(library, SA_DISPATCH_ONE));
    RC(code, saCkptDispatch(library, SA_DISPATCH_ALL));
    RC(code, saCkptDispatch(library, SA_DISPATCH_BLOCKING));
    RC(code, saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &checkpoint));
    RC(code, saCkptCheckpointOpen(library, &name, NULL, READ, TIMEOUT, &checkpoint));
    RC(code, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
    RC(code, saCkptCheckpointUnlink(library, &name));
    RC(code, saCkptTrack(library));
    RC(code, saCkptTrackStop(library));
    RC(code, ncsCkptRegisterCkptArrivalCallback(library, record_arrival));
}

void library_handle_is_bad(SaCkptHandleT library)
{
    library_calls_give(SA_AIS_ERR_BAD_HANDLE, library);
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptFinalize(library));
}

void checkpoint_calls_give(SaAisErrorT code, SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;
    SaCkptSectionIdT id = SID("abc");
    SaCkptSectionCreationAttributesT a = {&id, SA_TIME_END};
    SaCkptSectionIterationHandleT iteration;
    char data[4] = "abc";
    SaCkptIOVectorElementT e = element(id, data, sizeof data, 0);
    SaUint32T index;

    RC(code, saCkptCheckpointRetentionDurationSet(checkpoint, SECOND));
    RC(code, saCkptActiveReplicaSet(checkpoint));
    RC(code, saCkptCheckpointStatusGet(checkpoint, &status));
    RC(code, saCkptSectionCreate(checkpoint, &a, data, sizeof data));
    RC(code, saCkptSectionIdFree(checkpoint, (SaUint8T *)data));
    RC(code, saCkptSectionDelete(checkpoint, &id));
    RC(code, saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
    RC(code, saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    RC(code, saCkptCheckpointWrite(checkpoint, &e, 1, &index));
    RC(code, saCkptSectionOverwrite(checkpoint, &id, data, sizeof data));
    RC(code, saCkptCheckpointRead(checkpoint, &e, 1, &index));
    RC(code, saCkptIOVectorElementDataFree(checkpoint, data));
    RC(code, saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
    RC(code, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
    RC(code, saCkptCheckpointTrack(checkpoint));
    RC(code, saCkptCheckpointTrackStop(checkpoint));
    RC(code, saCkptCheckpointClose(checkpoint));
    BYTES("abc", data, sizeof data);
}

void checkpoint_handle_is_bad(SaCkptCheckpointHandleT checkpoint)
{
    checkpoint_calls_give(SA_AIS_ERR_BAD_HANDLE, checkpoint);
}

void iteration_calls_give(SaAisErrorT code, SaCkptSectionIterationHandleT iteration)
{
    SaCkptSectionDescriptorT descriptor;

    RC(code, saCkptSectionIterationNext(iteration, &descriptor));
    RC(code, saCkptSectionIterationFinalize(iteration));
}

void iteration_handle_is_bad(SaCkptSectionIterationHandleT iteration)
{
    iteration_calls_give(SA_AIS_ERR_BAD_HANDLE, iteration);
}

void arguments_are_tested_first(uint64_t bad_handle)
{
    const SaNameT name = name_of("never");
    const SaNameT empty = name_from("", 0);
    const Attributes a = attributes();
    SaCkptCheckpointHandleT checkpoint;
    SaCkptSectionIdT id = SID("abc"), none = DEFAULT_SECTION;
    SaCkptSectionCreationAttributesT without_id = {NULL, SA_TIME_END};
    SaCkptSectionCreationAttributesT with_id = {&id, SA_TIME_END};
    SaCkptSectionIterationHandleT iteration;
    char byte = 0;
    SaCkptIOVectorElementT no_bytes = element(id, &byte, 0, 0);
    const SaAisErrorT invalid = SA_AIS_ERR_INVALID_PARAM;

    RC(invalid, saCkptSelectionObjectGet(bad_handle, NULL));
    RC(invalid, saCkptCheckpointOpen(bad_handle, NULL, &a, RWC, TIMEOUT, &checkpoint));
    RC(invalid, saCkptCheckpointOpen(bad_handle, &name, &a, RWC, TIMEOUT, NULL));
    RC(invalid, saCkptCheckpointOpen(bad_handle, &empty, &a, RWC, TIMEOUT, &checkpoint));
    RC(invalid, saCkptCheckpointOpen(bad_handle, &name, &a, RWC, -1, &checkpoint));
    RC(invalid, saCkptCheckpointOpen(bad_handle, &name, NULL, CREATE, TIMEOUT, &checkpoint));
    RC(invalid, saCkptCheckpointOpen(bad_handle, &name, &a, READ, TIMEOUT, &checkpoint));
    RC(SA_AIS_ERR_BAD_FLAGS,
       saCkptCheckpointOpen(bad_handle, &name, NULL, 0, TIMEOUT, &checkpoint));
    RC(invalid, saCkptCheckpointOpenAsync(bad_handle, 1, NULL, &a, RWC));
    RC(invalid, saCkptCheckpointOpenAsync(bad_handle, 1, &name, NULL, CREATE));
    RC(SA_AIS_ERR_BAD_FLAGS, saCkptCheckpointOpenAsync(bad_handle, 1, &name, NULL, 0));
    RC(invalid, saCkptCheckpointUnlink(bad_handle, NULL));
    RC(invalid, saCkptCheckpointRetentionDurationSet(bad_handle, -1));
    RC(invalid, saCkptCheckpointStatusGet(bad_handle, NULL));
    RC(invalid, saCkptSectionCreate(bad_handle, NULL, NULL, 0));
    RC(invalid, saCkptSectionCreate(bad_handle, &without_id, NULL, 0));
    RC(invalid, saCkptSectionCreate(bad_handle, &with_id, NULL, 1));
    RC(invalid, saCkptSectionDelete(bad_handle, NULL));
    RC(invalid, saCkptSectionDelete(bad_handle, &none));
    RC(invalid, saCkptSectionExpirationTimeSet(bad_handle, NULL, SA_TIME_END));
    RC(invalid, saCkptSectionExpirationTimeSet(bad_handle, &none, SA_TIME_END));
    RC(invalid, saCkptSectionExpirationTimeSet(bad_handle, &id, -1));
    RC(invalid, saCkptSectionIterationInitialize(bad_handle, SA_CKPT_SECTIONS_ANY, 0, NULL));
    RC(invalid,
       saCkptSectionIterationInitialize(bad_handle, (SaCkptSectionsChosenT)0, 0, &iteration));
    RC(invalid,
       saCkptSectionIterationInitialize(bad_handle, SA_CKPT_SECTIONS_ANY, -1, &iteration));
    RC(invalid, saCkptSectionIterationNext(bad_handle, NULL));
    RC(invalid, saCkptCheckpointWrite(bad_handle, NULL, 1, NULL));
    RC(invalid, saCkptSectionOverwrite(bad_handle, NULL, &byte, 1));
    RC(invalid, saCkptSectionOverwrite(bad_handle, &id, NULL, 0));
    RC(invalid, saCkptCheckpointRead(bad_handle, NULL, 1, NULL));
    RC(invalid, saCkptCheckpointRead(bad_handle, &no_bytes, 1, NULL));
    RC(invalid, saCkptIOVectorElementDataFree(bad_handle, NULL));
    RC(invalid, saCkptCheckpointSynchronize(bad_handle, -1));

    /* Here the handle comes first. */
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(bad_handle, (SaDispatchFlagsT)0));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIdFree(bad_handle, NULL));
    RC(SA_AIS_ERR_BAD_HANDLE, ncsCkptRegisterCkptArrivalCallback(bad_handle, NULL));
}
