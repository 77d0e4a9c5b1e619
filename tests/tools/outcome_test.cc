#include "tools/outcome.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

using namespace nic::tools;

namespace {

nic_error ErrorOf(nic_status status, const char* message, uint64_t offset) {
  nic_error error = {};
  error.status = status;
  error.offset = offset;
  std::strncpy(error.message, message, sizeof error.message - 1);
  return error;
}

}  // namespace

TEST_CASE("every band of statuses has its exit status") {
  CHECK(ExitStatusOf(NIC_OK) == 0);
  CHECK(ExitStatusOf(NIC_INTERNAL) == 1);
  CHECK(ExitStatusOf(NIC_OUT_OF_MEMORY) == 1);
  CHECK(ExitStatusOf(NIC_INVALID_ARGUMENT) == 2);
  CHECK(ExitStatusOf(NIC_NOT_NIC) == 3);
  CHECK(ExitStatusOf(NIC_HEADER_DAMAGED) == 3);
  CHECK(ExitStatusOf(NIC_TRUNCATED) == 4);
  CHECK(ExitStatusOf(NIC_MODEL_MISSING) == 5);
  CHECK(ExitStatusOf(NIC_LIMIT_MEMORY) == 6);
  CHECK(ExitStatusOf(NIC_SLICE_DAMAGED) == 7);
}

TEST_CASE("libnic's errors become what, why and where") {
  const Outcome outcome = Outcome::Library(ErrorOf(NIC_MALFORMED, "width: is 0", 12));
  CHECK(outcome.exit_status() == 3);
  CHECK(outcome.text() == "malformed file: width: is 0 (at byte 12)");
  CHECK(Outcome::Library(ErrorOf(NIC_INTERNAL, "broken", NIC_NO_OFFSET)).text() == "broken");
  CHECK(Outcome::Library(ErrorOf(NIC_OK, "", 0)).ok());
}

TEST_CASE("what to do stands behind a failure, never behind success or a closed pipe") {
  CHECK(Outcome::System("cannot read", ENOENT).Advising("look again").text() ==
        "cannot read: No such file or directory; look again");
  CHECK(Outcome::System("cannot read", ENOENT).Advising("look again").exit_status() == kExitFailure);
  CHECK(Outcome::System("cannot write", EPIPE).Advising("look again").text().empty());
  CHECK(Outcome().Advising("look again").ok());
  CHECK(Outcome().Advising("look again").text().empty());
}

TEST_CASE("system errors say why, a closed pipe says nothing") {
  CHECK(Outcome::System("cannot open", ENOENT).text() == "cannot open: No such file or directory");
  CHECK(Outcome::System("cannot open", ENOENT).exit_status() == 1);
  CHECK(Outcome::System("cannot write", EPIPE).exit_status() == 1);
  CHECK(Outcome::System("cannot write", EPIPE).text().empty());
}
