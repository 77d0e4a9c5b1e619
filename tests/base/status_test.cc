#include "base/status.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>

using nic::Status;

namespace {

Status PassOn(const Status& status, bool* reached) {
  NIC_RETURN_IF_ERROR(status);
  *reached = true;
  return {};
}

}  // namespace

TEST_CASE("a status is a success unless it was made as an error") {
  const Status status;
  REQUIRE(status.ok());
  REQUIRE(status.code() == NIC_OK);
  REQUIRE(status.offset() == Status::kNoOffset);
  REQUIRE(std::strcmp(status.message(), "") == 0);
}

TEST_CASE("an error has a code, an offset and a formatted message") {
  const Status status = Status::Error(NIC_MALFORMED, 17, "width: %d is above %s", 5, "four");
  REQUIRE_FALSE(status.ok());
  REQUIRE(status.code() == NIC_MALFORMED);
  REQUIRE(status.offset() == 17);
  REQUIRE(std::string(status.message()) == "width: 5 is above four");
}

TEST_CASE("a message is cut at 191 bytes") {
  const std::string text(500, 'x');
  REQUIRE(std::string(Status::Error(NIC_IO, 0, "%s", text.c_str()).message()) == text.substr(0, 191));
  const std::string fits(191, 'y');
  REQUIRE(std::string(Status::Error(NIC_IO, 0, "%s", fits.c_str()).message()) == fits);
}

TEST_CASE("moving changes only an offset that is there") {
  REQUIRE(Status::Error(NIC_IO, 5, "a").MovedBy(100).offset() == 105);
  REQUIRE(Status::Error(NIC_IO, Status::kNoOffset, "a").MovedBy(100).offset() == Status::kNoOffset);
  REQUIRE(Status().MovedBy(100).offset() == Status::kNoOffset);
  const Status moved = Status::Error(NIC_IO, 5, "what").MovedBy(1);
  REQUIRE(moved.code() == NIC_IO);
  REQUIRE(std::string(moved.message()) == "what");
}

TEST_CASE("a prefix goes before the message and leaves the rest") {
  const Status status = Status::Error(NIC_MALFORMED, 9, "channels: 0").Within("node 3");
  REQUIRE(status.code() == NIC_MALFORMED);
  REQUIRE(status.offset() == 9);
  REQUIRE(std::string(status.message()) == "node 3: channels: 0");
  REQUIRE(std::string(status.Within("graph").message()) == "graph: node 3: channels: 0");
  REQUIRE(std::string(Status().Within("node 3").message()).empty());
}

TEST_CASE("prefix and message together are cut at 191 bytes") {
  const std::string message(150, 'm');
  for (size_t length : {38u, 39u, 40u, 188u, 189u, 190u, 191u, 300u}) {
    CAPTURE(length);
    const std::string prefix(length, 'p');
    const Status status = Status::Error(NIC_IO, 0, "%s", message.c_str()).Within(prefix.c_str());
    REQUIRE(std::string(status.message()) == (prefix + ": " + message).substr(0, 191));
  }
}

TEST_CASE("an error returns from the function, a success does not") {
  bool reached = false;
  REQUIRE(PassOn(Status::Error(NIC_IO, 3, "stop"), &reached).offset() == 3);
  REQUIRE_FALSE(reached);
  REQUIRE(PassOn(Status(), &reached).ok());
  REQUIRE(reached);
}
