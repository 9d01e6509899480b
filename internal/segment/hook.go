//go:build segmenthook

package segment

// The crash test is built with this tag: every store to a segment is then preceded by a call of ckpt_store_hook,
// which here keeps a copy of the file as a process killed at that moment would leave it.

/*
#cgo CFLAGS: -DCKPT_SEGMENT_STORE_HOOK
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "format.h"

struct image {
	void *bytes;
	size_t size;
};

static struct image *images;
static size_t image_count, image_room;
static int image_fd;

static void keep_image(void)
{
	struct stat st;
	if (image_count == image_room) {
		image_room = image_room == 0 ? 1024 : 2 * image_room;
		images = realloc(images, image_room * sizeof *images);
		if (images == NULL)
			abort();
	}
	if (fstat(image_fd, &st) != 0)
		abort();
	struct image *i = &images[image_count++];
	i->size = (size_t)st.st_size;
	i->bytes = malloc(i->size);
	if (i->bytes == NULL || pread(image_fd, i->bytes, i->size, 0) != (ssize_t)i->size)
		abort();
}

static void start_images(int fd)
{
	image_fd = fd;
	image_count = 0;
	ckpt_store_hook = keep_image;
}

// How many there are.
static size_t stop_images(void)
{
	ckpt_store_hook = NULL;
	return image_count;
}

static int turns;

static void dawdle(void)
{
	for (volatile int n = 0; n < turns; n++)
		;
}

static void start_dawdling(int turns_per_store)
{
	turns = turns_per_store;
	ckpt_store_hook = dawdle;
}

static struct image *image_at(size_t n)
{
	return &images[n];
}
*/
import "C"

import (
	"os"
	"unsafe"
)

// slowly runs f, whose stores to segments take some microseconds each.
func slowly(f func()) {
	C.start_dawdling(3000)
	f()
	C.stop_images()
}

// storesOf runs f, which stores to the segment behind file, and returns the content of the file before each single
// store.
func storesOf(file *os.File, f func()) [][]byte {
	C.start_images(C.int(file.Fd()))
	f()
	all := make([][]byte, C.stop_images())
	for n := range all {
		i := C.image_at(C.size_t(n))
		all[n] = C.GoBytes(i.bytes, C.int(i.size))
		C.free(unsafe.Pointer(i.bytes))
	}
	return all
}
