// What only C can do: calls with numbers that no enumeration of the interface holds. In C++ such a number would be
// undefined before libnic saw it.
#pragma once

#include "nic/nic.h"

#ifdef __cplusplus
extern "C" {
#endif

struct WildCall {
  nic_encoder *encoder;
  nic_decoder *decoder; /* with a file of 4 x 4 pixels opened */
  const void *file;     /* the same */
  size_t file_size;
};

/* Gives the number to every call that takes one of an enumeration. -1 if all refuse it with NIC_INVALID_ARGUMENT and it
 * is no status; otherwise which of them, by its place in the source, does not. */
int CallWith(int number, const struct WildCall *call);

#ifdef __cplusplus
}
#endif
