/*
 * Compile-time expectations that read the same in C11 and C++17.
 *
 * Each macro is a declaration; the compiler's message names the line that does not hold.
 */
#ifndef ABI_EXPECT_H
#define ABI_EXPECT_H

#include <stddef.h>

#ifdef __cplusplus
#include <type_traits>
#define EXPECT(condition) static_assert(condition, #condition)
#define ALIGNMENT(type) alignof(type)
#define SAME_TYPE(type, field, field_type) \
    (std::is_same<decltype(type::field), field_type>::value)
#define FUNCTION(result, function, ...) \
    EXPECT((std::is_same<decltype(&function), result (*)(__VA_ARGS__)>::value))
#define RETURNS(result, type, ...) EXPECT((std::is_same<type, result (*)(__VA_ARGS__)>::value))
#else
#define EXPECT(condition) _Static_assert(condition, #condition)
#define ALIGNMENT(type) _Alignof(type)
#define SAME_TYPE(type, field, field_type) \
    _Generic(&((type *)0)->field, field_type *: 1, default: 0)
#define FUNCTION(result, function, ...) \
    EXPECT(_Generic(&function, result (*)(__VA_ARGS__): 1, default: 0))
#define RETURNS(result, type, ...) \
    EXPECT(_Generic((type)0, result (*)(__VA_ARGS__): 1, default: 0))
#endif

/* The type of a function that the application provides: without a result, or with one. */
#define CALLBACK(type, ...) RETURNS(void, type, __VA_ARGS__)

/* A whole number of a width, in bytes, naturally aligned. */
#define SIGNED(type, width) \
    EXPECT(sizeof(type) == (width) && ALIGNMENT(type) == (width) && (type)-1 < (type)1)
#define UNSIGNED(type, width) \
    EXPECT(sizeof(type) == (width) && ALIGNMENT(type) == (width) && (type)-1 > (type)1)

/* A structure or union: its size and alignment, and each field's type and offset, in bytes. */
#define AGGREGATE(type, size, alignment) \
    EXPECT(sizeof(type) == (size) && ALIGNMENT(type) == (alignment))
#define FIELD(type, offset, field, field_type) \
    EXPECT(offsetof(type, field) == (offset) && SAME_TYPE(type, field, field_type))

/* An enumeration travels as a 32-bit number. */
#define ENUMERATION(type) EXPECT(sizeof(type) == 4 && ALIGNMENT(type) == 4)
#define VALUE(name, value) EXPECT((name) == (value))

#endif /* ABI_EXPECT_H */
