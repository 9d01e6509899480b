#include "location.h"

#include <dlfcn.h>
#include <limits.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_FILE "libckpt-engine.so"

/* The loader knows a library found through a relative path by that path, which means nothing once a daemon has changed
 * its directory. The kernel's list of mappings has the absolute one. */
static bool mapped_file(const void *address, char *path, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	bool found = false;

	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof line, maps) != NULL) {
		uintptr_t first, end;
		char *file = strchr(line, '/');

		if (file == NULL || sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &first, &end) != 2)
			continue;
		if ((uintptr_t)address < first || (uintptr_t)address >= end)
			continue;
		file[strcspn(file, "\n")] = '\0';
		found = strlen(file) < size;
		if (found)
			memcpy(path, file, strlen(file) + 1);
	}
	fclose(maps);
	return found;
}

static bool own_file(char path[PATH_MAX])
{
	static const char here = 0;
	char found[PATH_MAX];
	Dl_info info;

	if (dladdr(&here, &info) != 0 && info.dli_fname != NULL && info.dli_fname[0] == '/')
		return realpath(info.dli_fname, path) != NULL;
	return mapped_file(&here, found, sizeof found) && realpath(found, path) != NULL;
}

bool ckpt_engine_path(char *path, size_t size)
{
	const char *given = secure_getenv("CKPT_ENGINE");
	char own[PATH_MAX];
	char *slash;
	int n;

	if (given != NULL && given[0] != '\0')
		return (size_t)snprintf(path, size, "%s", given) < size;
	if (!own_file(own))
		return false;
	slash = strrchr(own, '/');
	n = snprintf(path, size, "%.*s/" ENGINE_FILE, (int)(slash - own), own);
	return n > 0 && (size_t)n < size;
}

void ckpt_front_stay(void)
{
	char own[PATH_MAX];

	if (own_file(own))
		dlopen(own, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}
