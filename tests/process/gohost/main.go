// Command gohost is a Go program that uses the checkpoint library through cgo: two Go runtimes in one process, each with
// its own collector, signals and threads. It works for the number of seconds given as argument.
package main

/*
#cgo CFLAGS: -I${SRCDIR}/../../../include
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <string.h>
#include <saCkpt.h>

static SaAisErrorT (*initialize)(SaCkptHandleT *, const SaCkptCallbacksT *, SaVersionT *);
static SaAisErrorT (*finalize)(SaCkptHandleT);
static SaAisErrorT (*checkpoint_open)(SaCkptHandleT, const SaNameT *, const SaCkptCheckpointCreationAttributesT *,
	SaCkptCheckpointOpenFlagsT, SaTimeT, SaCkptCheckpointHandleT *);
static SaAisErrorT (*checkpoint_write)(SaCkptCheckpointHandleT, const SaCkptIOVectorElementT *, SaUint32T, SaUint32T *);
static SaAisErrorT (*checkpoint_read)(SaCkptCheckpointHandleT, SaCkptIOVectorElementT *, SaUint32T, SaUint32T *);

static int load(void)
{
	void *image = dlopen("libckpt.so.1", RTLD_NOW);

	if (image == NULL)
		return 0;
	*(void **)&initialize = dlsym(image, "saCkptInitialize");
	*(void **)&finalize = dlsym(image, "saCkptFinalize");
	*(void **)&checkpoint_open = dlsym(image, "saCkptCheckpointOpen");
	*(void **)&checkpoint_write = dlsym(image, "saCkptCheckpointWrite");
	*(void **)&checkpoint_read = dlsym(image, "saCkptCheckpointRead");
	return initialize && finalize && checkpoint_open && checkpoint_write && checkpoint_read;
}

static int start(SaCkptHandleT *handle)
{
	SaVersionT version = {'B', 2, 2};

	return initialize(handle, NULL, &version);
}

static int end(SaCkptHandleT handle)
{
	return finalize(handle);
}

static int open_checkpoint(SaCkptHandleT handle, int number, SaCkptCheckpointHandleT *checkpoint)
{
	SaCkptCheckpointCreationAttributesT a = {SA_CKPT_WR_ALL_REPLICAS, 64, 0, 1, 64, 0};
	SaNameT name = {15, "safCkpt=gohost0"};

	name.value[14] = (unsigned char)('0' + number);
	return checkpoint_open(handle, &name, &a, SA_CKPT_CHECKPOINT_READ | SA_CKPT_CHECKPOINT_WRITE | SA_CKPT_CHECKPOINT_CREATE,
		10 * SA_TIME_ONE_SECOND, checkpoint);
}

static int round_trip(SaCkptCheckpointHandleT checkpoint, unsigned long n)
{
	unsigned long found = 0;
	SaCkptIOVectorElementT e = {{0, NULL}, &n, sizeof n, 0, 0};
	SaAisErrorT error = checkpoint_write(checkpoint, &e, 1, NULL);

	if (error != SA_AIS_OK)
		return error;
	e.dataBuffer = &found;
	error = checkpoint_read(checkpoint, &e, 1, NULL);
	return error != SA_AIS_OK ? (int)error : found == n && e.readSize == sizeof n ? SA_AIS_OK : 0;
}
*/
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const workers = 8

func check(what string, err C.int) {
	if err != C.SA_AIS_OK {
		fmt.Fprintln(os.Stderr, what, "returned", err)
		os.Exit(1)
	}
}

func work(handle C.SaCkptHandleT, number int, until time.Time, trips *atomic.Uint64) {
	var checkpoint C.SaCkptCheckpointHandleT
	check("open", C.open_checkpoint(handle, C.int(number), &checkpoint))
	for n := uint64(0); time.Now().Before(until); n++ {
		check("round trip", C.round_trip(checkpoint, C.ulong(n)))
		trips.Add(1)
	}
}

// disturb keeps this program's own runtime busy: garbage, preemption of a loop that does not yield, children, signals.
func disturb(until time.Time) (signals int) {
	seen := make(chan os.Signal, 100)
	signal.Notify(seen, syscall.SIGUSR1, syscall.SIGCHLD)
	for time.Now().Before(until) {
		var kept [][]byte
		for range 100 {
			kept = append(kept, make([]byte, 10000))
		}
		runtime.KeepAlive(kept)
		for n := 0; n < 10_000_000; n++ {
			_ = n
		}
		runtime.GC()
		if err := exec.Command("/bin/true").Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		<-seen
		signals++
	}
	return signals
}

func main() {
	length, err := time.ParseDuration(os.Args[1] + "s")
	if err != nil || C.load() == 0 {
		fmt.Fprintln(os.Stderr, "cannot load libckpt.so.1:", err)
		os.Exit(1)
	}
	until := time.Now().Add(length)
	var handle C.SaCkptHandleT
	check("initialize", C.start(&handle))
	var trips atomic.Uint64
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() { work(handle, i, until, &trips) })
	}
	signals := disturb(until)
	all.Wait()
	check("finalize", C.end(handle))
	if trips.Load() == 0 || signals == 0 {
		fmt.Fprintln(os.Stderr, "nothing happened")
		os.Exit(1)
	}
	fmt.Println(trips.Load(), "round trips,", signals, "signals")
}
