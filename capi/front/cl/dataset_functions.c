/* Serializers and deserializers, by checkpoint and dataset. They are code of this process, so they are neither stored nor
 * known to another handle. */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "loader.h"

struct dataset_entry {
	struct dataset_entry *next;
	struct dataset_functions functions;
	uint32_t dataset;
	uint32_t name_size;
	char name[];
};

/* FNV-1a. */
static struct dataset_entry **bucket(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	uint32_t hash = UINT32_C(2166136261) ^ dataset;

	for (uint64_t i = 0; i < name.size; i++)
		hash = (hash ^ (unsigned char)name.bytes[i]) * UINT32_C(16777619);
	return &d->buckets[(hash ^ hash >> 16) % DATASET_BUCKETS];
}

static bool is_named(const struct dataset_entry *e, struct dataset_name name)
{
	return e->name_size == name.size && memcmp(e->name, name.bytes, name.size) == 0;
}

static struct dataset_entry *find(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	struct dataset_entry *e = *bucket(d, name, dataset);

	while (e != NULL && (e->dataset != dataset || !is_named(e, name)))
		e = e->next;
	return e;
}

static void entry_free(struct dataset_entry *e)
{
	if (e->functions.seat != NULL)
		ckpt_engine.seat_release(e->functions.seat);
	free(e);
}

static struct dataset_entry *find_or_add(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	struct dataset_entry **first = bucket(d, name, dataset);
	struct dataset_entry *e = find(d, name, dataset);

	if (e != NULL)
		return e;
	e = calloc(1, sizeof *e + name.size);
	if (e == NULL)
		return NULL;
	e->dataset = dataset;
	e->name_size = (uint32_t)name.size;
	memcpy(e->name, name.bytes, name.size);
	e->next = *first;
	*first = e;
	return e;
}

bool dataset_functions_set_own(struct datasets *d, struct dataset_name name, uint32_t dataset, struct dataset_pair pair)
{
	struct dataset_entry *e;

	pthread_mutex_lock(&d->lock);
	e = find_or_add(d, name, dataset);
	if (e != NULL)
		e->functions.own = pair;
	pthread_mutex_unlock(&d->lock);
	return e != NULL;
}

bool dataset_functions_set_element(struct datasets *d, struct dataset_name name, uint32_t dataset, struct dataset_pair pair)
{
	struct dataset_entry *e;

	pthread_mutex_lock(&d->lock);
	e = find_or_add(d, name, dataset);
	if (e != NULL)
		e->functions.element = pair;
	pthread_mutex_unlock(&d->lock);
	return e != NULL;
}

struct dataset_functions dataset_functions_find(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	struct dataset_functions functions = {.seat = NULL};
	const struct dataset_entry *e;

	pthread_mutex_lock(&d->lock);
	e = find(d, name, dataset);
	if (e != NULL)
		functions = e->functions;
	if (functions.seat != NULL)
		ckpt_engine.seat_hold(functions.seat);
	pthread_mutex_unlock(&d->lock);
	return functions;
}

void dataset_functions_set_seat(struct datasets *d, struct dataset_name name, uint32_t dataset, struct ckpt_seat *seat)
{
	struct ckpt_seat *old = seat;
	struct dataset_entry *e;

	pthread_mutex_lock(&d->lock);
	e = find(d, name, dataset);
	if (e != NULL) {
		old = e->functions.seat;
		e->functions.seat = seat;
	}
	pthread_mutex_unlock(&d->lock);
	if (old != NULL)
		ckpt_engine.seat_release(old);
}

void dataset_functions_forget(struct datasets *d, struct dataset_name name, uint32_t dataset)
{
	pthread_mutex_lock(&d->lock);
	for (int i = 0; i < DATASET_BUCKETS; i++) {
		struct dataset_entry **at = &d->buckets[i];

		while (*at != NULL) {
			struct dataset_entry *e = *at;

			if (is_named(e, name) && (dataset == 0 || e->dataset == dataset)) {
				*at = e->next;
				entry_free(e);
			} else {
				at = &e->next;
			}
		}
	}
	pthread_mutex_unlock(&d->lock);
}

void dataset_functions_clear(struct datasets *d)
{
	for (int i = 0; i < DATASET_BUCKETS; i++)
		while (d->buckets[i] != NULL) {
			struct dataset_entry *e = d->buckets[i];

			d->buckets[i] = e->next;
			entry_free(e);
		}
}
