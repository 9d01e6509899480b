//go:build segmenthook

package segment

// Another use of the hook of hook.go, for tests of other packages: an update that is cut off at one of its stores.

/*
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "format.h"

// One cut at a time on each thread.
static _Thread_local struct {
	bool under_way;
	int fd;
	uint64_t random, stores;
	void *image;
	size_t size;
} cut;

static uint64_t cut_random(void)
{
	cut.random ^= cut.random << 13;
	cut.random ^= cut.random >> 7;
	cut.random ^= cut.random << 17;
	return cut.random;
}

// Of n stores each is the one before which the last image is kept with a chance of 1/n.
static void cut_before_store(void)
{
	struct stat st;
	if (!cut.under_way || cut_random() % ++cut.stores != 0)
		return;
	if (fstat(cut.fd, &st) != 0)
		abort();
	cut.size = (size_t)st.st_size;
	cut.image = realloc(cut.image, cut.size);
	if (cut.image == NULL || pread(cut.fd, cut.image, cut.size, 0) != (ssize_t)cut.size)
		abort();
}

static void cut_begin(int fd, uint64_t seed)
{
	__atomic_store_n(&ckpt_store_hook, cut_before_store, __ATOMIC_RELAXED); // the same for all threads
	cut.under_way = true;
	cut.fd = fd;
	cut.random = seed | 1;
	cut.stores = 0;
	cut.image = NULL;
	cut.size = 0;
}

static void *cut_end(size_t *size)
{
	cut.under_way = false;
	*size = cut.size;
	return cut.image;
}
*/
import "C"

import (
	"os"
	"runtime"
	"unsafe"
)

// CutOff runs f, which changes the segment behind file and no other, and returns the content of the file as a process
// killed before one of the stores would have left it; empty if there was no store. Which one it is depends on seed; all
// are equally likely. f must not start goroutines that change segments. Safe for concurrent use, with different files; not
// beside the tests of this package.
func CutOff(file *os.File, seed uint64, f func()) []byte {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.cut_begin(C.int(file.Fd()), C.uint64_t(seed))
	f()
	var size C.size_t
	image := C.cut_end(&size)
	defer C.free(unsafe.Pointer(image))
	return C.GoBytes(image, C.int(size))
}
