//go:build ignore

/*
 * dead_handles.c: every function, given a handle that is not valid.
 */
#include "harness.h"

#include "recorder.h"

void library_handle_is_bad(SaCkptHandleT library)
{
    const SaNameT name = name_of("never");
    const Attributes a = attributes();
    SaSelectionObjectT object = 4711;
    SaCkptCheckpointHandleT checkpoint = 4711;

    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSelectionObjectGet(library, &object));
    EQUAL(4711, object);
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(library, SA_DISPATCH_ONE));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(library, SA_DISPATCH_ALL));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptDispatch(library, SA_DISPATCH_BLOCKING));
    RC(SA_AIS_ERR_BAD_HANDLE,
       saCkptCheckpointOpen(library, &name, &a, RWC, TIMEOUT, &checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE,
       saCkptCheckpointOpen(library, &name, NULL, READ, TIMEOUT, &checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointOpenAsync(library, 1, &name, &a, RWC));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointUnlink(library, &name));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptTrack(library));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptTrackStop(library));
    RC(SA_AIS_ERR_BAD_HANDLE, ncsCkptRegisterCkptArrivalCallback(library, record_arrival));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptFinalize(library));
}

void checkpoint_handle_is_bad(SaCkptCheckpointHandleT checkpoint)
{
    SaCkptCheckpointDescriptorT status;
    SaCkptSectionIdT id = SID("abc");
    SaCkptSectionCreationAttributesT a = {&id, SA_TIME_END};
    SaCkptSectionIterationHandleT iteration;
    char data[4] = "abc";
    SaCkptIOVectorElementT e = element(id, data, sizeof data, 0);
    SaUint32T index;

    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointRetentionDurationSet(checkpoint, SECOND));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptActiveReplicaSet(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointStatusGet(checkpoint, &status));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionCreate(checkpoint, &a, data, sizeof data));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIdFree(checkpoint, (SaUint8T *)data));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionDelete(checkpoint, &id));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionExpirationTimeSet(checkpoint, &id, SA_TIME_END));
    RC(SA_AIS_ERR_BAD_HANDLE,
       saCkptSectionIterationInitialize(checkpoint, SA_CKPT_SECTIONS_ANY, 0, &iteration));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointWrite(checkpoint, &e, 1, &index));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionOverwrite(checkpoint, &id, data, sizeof data));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointRead(checkpoint, &e, 1, &index));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptIOVectorElementDataFree(checkpoint, data));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointSynchronize(checkpoint, TIMEOUT));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointSynchronizeAsync(checkpoint, 1));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointTrack(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointTrackStop(checkpoint));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptCheckpointClose(checkpoint));
    BYTES("abc", data, sizeof data);
}

void iteration_handle_is_bad(SaCkptSectionIterationHandleT iteration)
{
    SaCkptSectionDescriptorT descriptor;

    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIterationNext(iteration, &descriptor));
    RC(SA_AIS_ERR_BAD_HANDLE, saCkptSectionIterationFinalize(iteration));
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
