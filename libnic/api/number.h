// Numbers of enumerations, as C gives them.
#pragma once

#include <cstring>

namespace nic {

// C may pass any number where the interface has an enumeration, as a parameter or in a struct; reading one that the
// enumeration cannot hold would be undefined in C++. So this comes before all else.
template <typename Enumeration>
int NumberOf(const Enumeration& value) {
  int number = 0;
  static_assert(sizeof number == sizeof value);
  std::memcpy(&number, &value, sizeof number);
  return number;
}

}  // namespace nic
