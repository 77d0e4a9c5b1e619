#include "tools/icc_profile.h"

#include <catch2/catch.hpp>
#include <string>

using namespace nic::tools;

namespace {

bool IsSrgb(const std::string& text) {
  return IsSrgbProfile({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("profiles are known by their description") {
  CHECK(IsSrgb("....desc....sRGB IEC61966-2.1"));
  CHECK(IsSrgb(std::string("mluc\0s\0R\0G\0B", 12)));
  CHECK_FALSE(IsSrgb("Adobe RGB (1998)"));
  CHECK_FALSE(IsSrgb(""));
}
