#include "nic/status.h"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

namespace {

struct Pinned {
  int number;
  const char* name;
};

// The numbers are part of the interface: none may ever change.
const std::vector<Pinned> kPinned = {
    {0, "NIC_OK"},
    {100, "NIC_INVALID_ARGUMENT"},
    {101, "NIC_BUFFER_TOO_SMALL"},
    {102, "NIC_WRONG_STATE"},
    {200, "NIC_NOT_NIC"},
    {201, "NIC_MALFORMED"},
    {202, "NIC_HEADER_DAMAGED"},
    {300, "NIC_TRUNCATED"},
    {400, "NIC_UNSUPPORTED_VERSION"},
    {401, "NIC_UNSUPPORTED_FEATURE"},
    {402, "NIC_MODEL_MISSING"},
    {403, "NIC_MODEL_MALFORMED"},
    {404, "NIC_MODEL_UNSAFE"},
    {405, "NIC_MODEL_MISMATCH"},
    {500, "NIC_LIMIT_PIXELS"},
    {501, "NIC_LIMIT_SIDE"},
    {502, "NIC_LIMIT_MEMORY"},
    {503, "NIC_LIMIT_METADATA"},
    {504, "NIC_LIMIT_WORK"},
    {600, "NIC_SLICE_DAMAGED"},
    {700, "NIC_OUT_OF_MEMORY"},
    {701, "NIC_CANCELLED"},
    {702, "NIC_IO"},
    {900, "NIC_INTERNAL"},
};

}  // namespace

TEST_CASE("every status keeps its number, name and band") {
  for (const Pinned& pinned : kPinned) {
    const auto status = static_cast<nic_status>(pinned.number);
    REQUIRE(std::string(nic_status_name(status)) == pinned.name);
    REQUIRE(nic_status_band(status) == pinned.number / 100 * 100);
  }
}

TEST_CASE("a number that is no status has no name") {
  std::set<int> known;
  for (const Pinned& pinned : kPinned) known.insert(pinned.number);
  for (int number = 0; number < 1000; ++number) {
    const bool is_known = known.count(number) != 0;
    REQUIRE((std::string(nic_status_name(static_cast<nic_status>(number))) == "unknown status") != is_known);
  }
}
