/*
 * driver: does what lines on standard input say, and answers each with one line: the code, then what was read, or the
 * answer. Names, ids and data are hexadecimal, "-" for none.
 *
 *   init | finalize
 *   create NAME | delete NAME | exists NAME
 *   dataset NAME DS       creates it and its elements' functions
 *   dsdelete NAME DS | dsexists NAME DS
 *   write NAME DS DATA | ewrite NAME DS ID DATA | edelete NAME DS ID
 *   read NAME DS          "d:DATA" for the dataset's record, "e:DATA" for an element's
 *   fork                  goes on in a child, which says "child", until an empty line; then here, which says "parent".
 *                         Nothing may have been sent ahead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"

enum { WORDS_MAX = 6 };

struct bytes {
	unsigned char *data;
	size_t size;
};

static ClCkptSvcHdlT handle;

static unsigned digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	if (c == '\0' || at == NULL) {
		fprintf(stderr, "driver: '%c' is no hexadecimal digit\n", c);
		exit(2);
	}
	return (unsigned)(at - digits);
}

static struct bytes unhex(const char *text)
{
	struct bytes b = {calloc(1, strlen(text) / 2 + 1), strlen(text) / 2};

	if (b.data == NULL)
		abort();
	if (strcmp(text, "-") == 0)
		b.size = 0;
	for (size_t i = 0; i < b.size; i++)
		b.data[i] = (unsigned char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return b;
}

static ClNameT name_of(const char *text)
{
	struct bytes b = unhex(text);
	ClNameT name;

	memset(&name, 0, sizeof name);
	name.length = (ClUint16T)b.size;
	memcpy(name.value, b.data, b.size < sizeof name.value ? b.size : sizeof name.value);
	free(b.data);
	return name;
}

static void print_record(const struct record *r)
{
	printf(" %c:", r->element ? 'e' : 'd');
	for (ClUint32T i = 0; i < r->size; i++)
		printf("%02x", r->data[i]);
	if (r->size == 0)
		putchar('-');
}

static void answer(ClRcT rc)
{
	printf("0x%x", (unsigned)rc);
}

static void answer_exists(ClNameT *name, ClUint32T ds, bool of_dataset)
{
	ClBoolT exists = 99;
	ClRcT rc = of_dataset ? clCkptLibraryDoesDatasetExist(handle, name, ds, &exists) :
				clCkptLibraryDoesCkptExist(handle, name, &exists);

	answer(rc);
	if (rc == CL_OK)
		fputs(exists == CL_TRUE ? " true" : exists == CL_FALSE ? " false" : " neither", stdout);
}

static ClRcT write_record(ClNameT *name, ClUint32T ds, const char *id, const char *data)
{
	struct bytes d = unhex(data);
	struct pack p = {.data = d.data, .size = (ClUint32T)d.size, .how = OWN};
	ClRcT rc;

	if (id == NULL) {
		rc = clCkptLibraryCkptDataSetWrite(handle, name, ds, cookie_of(&p));
	} else {
		struct bytes i = unhex(id);

		rc = clCkptLibraryCkptElementWrite(handle, name, ds, i.data, (ClUint32T)i.size, cookie_of(&p));
		free(i.data);
	}
	free(d.data);
	return rc;
}

static ClRcT delete_element(ClNameT *name, ClUint32T ds, const char *id)
{
	struct bytes i = unhex(id);
	ClRcT rc = clCkptLibraryCkptElementDelete(handle, name, ds, i.data, (ClUint32T)i.size);

	free(i.data);
	return rc;
}

static void read_dataset(ClNameT *name, ClUint32T ds)
{
	static struct unpacked u;

	answer(clCkptLibraryCkptDataSetRead(handle, name, ds, cookie_of(&u)));
	if (u.count > RECORDS_MAX)
		abort();
	for (unsigned i = 0; i < u.count; i++)
		print_record(&u.records[i]);
	unpacked_clear(&u);
}

static ClRcT create_dataset(ClNameT *name, ClUint32T ds)
{
	ClRcT rc = clCkptLibraryCkptDataSetCreate(handle, name, ds, 0, 0, pack_dataset, unpack_dataset);

	return rc != CL_OK ? rc : clCkptLibraryCkptElementCreate(handle, name, ds, pack_element, unpack_element);
}

static void fork_here(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		fputs("child", stdout);
		return;
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		abort();
	fputs("parent", stdout);
}

static void obey(int n, char **word)
{
	ClNameT name = n > 1 ? name_of(word[1]) : (ClNameT){0};
	ClUint32T ds = n > 2 ? (ClUint32T)strtoul(word[2], NULL, 10) : 0;

#define IS(text, words) (strcmp(word[0], text) == 0 && n == (words))
	if (IS("init", 1))
		answer(clCkptLibraryInitialize(&handle));
	else if (IS("finalize", 1))
		answer(clCkptLibraryFinalize(handle));
	else if (IS("create", 2))
		answer(clCkptLibraryCkptCreate(handle, &name));
	else if (IS("delete", 2))
		answer(clCkptLibraryCkptDelete(handle, &name));
	else if (IS("exists", 2))
		answer_exists(&name, 0, false);
	else if (IS("dataset", 3))
		answer(create_dataset(&name, ds));
	else if (IS("dsdelete", 3))
		answer(clCkptLibraryCkptDataSetDelete(handle, &name, ds));
	else if (IS("dsexists", 3))
		answer_exists(&name, ds, true);
	else if (IS("write", 4))
		answer(write_record(&name, ds, NULL, word[3]));
	else if (IS("ewrite", 5))
		answer(write_record(&name, ds, word[3], word[4]));
	else if (IS("edelete", 4))
		answer(delete_element(&name, ds, word[3]));
	else if (IS("read", 3))
		read_dataset(&name, ds);
	else if (IS("fork", 1))
		fork_here();
	else {
		fprintf(stderr, "driver: cannot do %s with %d words\n", word[0], n);
		exit(2);
	}
#undef IS
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		char *word[WORDS_MAX], *rest = line, *w;
		int n = 0;

		while (n < WORDS_MAX && (w = strsep(&rest, " \n")) != NULL)
			if (*w != '\0')
				word[n++] = w;
		if (n == 0)
			break;
		obey(n, word);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
