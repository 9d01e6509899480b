/* recorder.h: the callbacks that record what they were called with. */
#ifndef CONFORMANCE_RECORDER_H
#define CONFORMANCE_RECORDER_H

#include "harness.h"

void record_open(SaInvocationT invocation, SaCkptCheckpointHandleT checkpoint, SaAisErrorT error);
void record_synchronize(SaInvocationT invocation, SaAisErrorT error);
void record_track(SaCkptCheckpointHandleT checkpoint, SaCkptIOVectorElementT *elements,
                  SaUint32T count);

#endif
