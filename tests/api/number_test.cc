#include "api/number.h"

#include <catch2/catch.hpp>

#include <climits>

#include "api/handles.h"
#include "api/wild_numbers.h"

using namespace nic;
using namespace nic::testing;

TEST_CASE("the number of an enumerator") {
  const nic_pixel_format format = NIC_RGBA16;
  CHECK(NumberOf(format) == 20);
  CHECK(NumberOf(NIC_METADATA_CICP) == 0x84);
}

// Under the undefined-behaviour sanitizer a number that is read as an enumeration ends the test.
TEST_CASE("numbers that no enumeration holds are refused everywhere") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const Decoder decoder = NewDecoder(context);
  const Bytes file = EncodeSmall(context, MakePicture(4, 4, NIC_RGB8));
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  const WildCall call = {encoder.get(), decoder.get(), file.data(), file.size()};
  for (const int number : {-1, 33, 255, 256, 1024, 0x181, 1 << 20, INT_MAX, INT_MIN, INT_MIN + 0x81}) {
    CAPTURE(number);
    CHECK(CallWith(number, &call) == -1);
  }
}
