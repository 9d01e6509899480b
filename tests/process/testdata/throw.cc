// A C++ program whose callback throws: the exception reaches the caller of Dispatch, and the handle goes on working.
#include <poll.h>
#include <stdexcept>

#include "check.h"

static SaCkptCheckpointHandleT opened;

static void on_open(SaInvocationT invocation, SaCkptCheckpointHandleT checkpoint, SaAisErrorT error)
{
	EXPECT(error, SA_AIS_OK);
	opened = checkpoint;
	throw std::runtime_error("thrown " + std::to_string(invocation));
}

int main()
{
	SaCkptCallbacksT callbacks = {on_open, nullptr};
	SaCkptHandleT handle = initialize(&callbacks);
	SaCkptCheckpointCreationAttributesT a = attributes();
	SaSelectionObjectT selection;
	SaNameT name;

	name_set(&name, "safCkpt=throw");
	OK(saCkptSelectionObjectGet(handle, &selection));
	for (unsigned i = 0; i < 100; i++) {
		pollfd p = {static_cast<int>(selection), POLLIN, 0};
		SaDispatchFlagsT flags = i % 3 == 0 ? SA_DISPATCH_ONE : i % 3 == 1 ? SA_DISPATCH_ALL : SA_DISPATCH_BLOCKING;
		std::string what;

		OK(saCkptCheckpointOpenAsync(handle, i, &name, &a,
					     SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE));
		CHECK(poll(&p, 1, 10000) == 1);
		try {
			saCkptDispatch(handle, flags);
		} catch (const std::runtime_error &e) {
			what = e.what();
		}
		CHECK(what == "thrown " + std::to_string(i));
		CHECK(poll(&p, 1, 0) == 0);
		OK(saCkptCheckpointClose(opened));
	}
	opened = open_named(handle, "safCkpt=throw");
	OK(section_create(opened, "s", "", 0));
	round_trip(opened, "s");
	OK(saCkptFinalize(handle));
	return 0;
}
