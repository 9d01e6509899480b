/*
 * killed FILE CHECKPOINT SLOT: writes for ever, to be killed at any moment. FILE is mapped and shared with the other
 * writers; it tells what may be found afterwards: for each place the number of the last operation begun and of the last
 * one that was acknowledged. Prints "ready" when it begins.
 *
 * A slot has three places: 3*SLOT is the record of dataset 100+SLOT, which is the writer's own; 3*SLOT+1 is its element in
 * dataset 1, where every fourth operation deletes it; 3*SLOT+2 is the record of dataset 2, which all writers share.
 * A record says whose it is, its number and size; the rest follows from those.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record.h"

enum { PLACES = 192, ELEMENTS = 1, SHARED = 2, OWN_FIRST = 100, DELETE_EVERY = 4, HEADER = 24, LARGE_EVERY = 50,
       LARGE = 150000, SMALL = 9000 };

struct place {
	volatile uint64_t begun;
	volatile uint64_t acknowledged;
};

static ClCkptSvcHdlT handle;
static ClNameT name;
static uint64_t slot;

static void must(ClRcT rc, const char *what)
{
	if (rc == CL_OK)
		return;
	fprintf(stderr, "killed: %s: 0x%x\n", what, (unsigned)rc);
	_exit(1);
}

static uint64_t scrambled(uint64_t k)
{
	k = (k ^ slot << 40) * 0x9e3779b97f4a7c15u;
	return k ^ k >> 29;
}

static struct pack record(uint64_t k)
{
	static unsigned char data[LARGE];
	uint64_t size = HEADER + (k % LARGE_EVERY == 0 ? scrambled(k) % (LARGE - HEADER) : scrambled(k) % SMALL);
	uint64_t header[3] = {slot, k, size};

	memcpy(data, header, HEADER);
	for (uint64_t i = HEADER; i < size; i++)
		data[i] = (unsigned char)(k * 31 + i + slot);
	return (struct pack){.data = data, .size = (ClUint32T)size, .how = OWN};
}

static void begin(struct place *p)
{
	__atomic_store_n(&p->begun, p->begun + 1, __ATOMIC_SEQ_CST);
}

static void acknowledge(struct place *p)
{
	__atomic_store_n(&p->acknowledged, p->begun, __ATOMIC_SEQ_CST);
}

static void write_dataset(struct place *p, ClUint32T ds)
{
	struct pack r;

	begin(p);
	r = record(p->begun);
	must(clCkptLibraryCkptDataSetWrite(handle, &name, ds, cookie_of(&r)), "DataSetWrite");
	acknowledge(p);
}

static void change_element(struct place *p)
{
	unsigned char id = (unsigned char)slot;
	ClRcT rc;

	begin(p);
	if (p->begun % DELETE_EVERY == 0) {
		rc = clCkptLibraryCkptElementDelete(handle, &name, ELEMENTS, &id, 1);
		/* the writing before may be the one that a kill cut off */
		if (rc != CL_CKPT_ERR_NOT_EXIST)
			must(rc, "ElementDelete");
	} else {
		struct pack r = record(p->begun);

		must(clCkptLibraryCkptElementWrite(handle, &name, ELEMENTS, &id, 1, cookie_of(&r)), "ElementWrite");
	}
	acknowledge(p);
}

static struct place *places(const char *path)
{
	int fd = open(path, O_RDWR);
	void *p;

	if (fd < 0 || (p = mmap(NULL, PLACES * sizeof(struct place), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	return p;
}

int main(int argc, char **argv)
{
	ClUint32T own;
	struct place *p;

	if (argc != 4)
		return 2;
	p = places(argv[1]);
	name.length = (ClUint16T)strlen(argv[2]);
	memcpy(name.value, argv[2], name.length);
	slot = strtoull(argv[3], NULL, 10);
	own = OWN_FIRST + (ClUint32T)slot;
	must(clCkptLibraryInitialize(&handle), "Initialize");
	must(clCkptLibraryCkptCreate(handle, &name), "CkptCreate");
	must(clCkptLibraryCkptDataSetCreate(handle, &name, own, 0, 0, pack_dataset, unpack_dataset), "DataSetCreate");
	must(clCkptLibraryCkptDataSetCreate(handle, &name, SHARED, 0, 0, pack_dataset, unpack_dataset), "DataSetCreate");
	must(clCkptLibraryCkptDataSetCreate(handle, &name, ELEMENTS, 0, 0, pack_dataset, unpack_dataset), "DataSetCreate");
	must(clCkptLibraryCkptElementCreate(handle, &name, ELEMENTS, pack_element, unpack_element), "ElementCreate");
	puts("ready");
	fflush(stdout);
	for (;;) {
		write_dataset(&p[3 * slot], own);
		change_element(&p[3 * slot + 1]);
		write_dataset(&p[3 * slot + 2], SHARED);
	}
}
