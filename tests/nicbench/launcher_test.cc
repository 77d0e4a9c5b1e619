#include "nicbench/launcher.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

using namespace nic::bench;
using Catch::Matchers::Contains;

TEST_CASE("a program's output and times are reported") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  Usage usage;
  REQUIRE(launcher.Run({"sh", "-c", "echo out; echo err >&2; sleep 0.2"}, &usage).ok());
  CHECK(launcher.output() == "out\nerr\n");
  CHECK(usage.seconds >= 0.2);
  CHECK(usage.cpu_seconds < usage.seconds);
  REQUIRE(launcher.Run({"sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"}, &usage).ok());
  CHECK(launcher.output().empty());
  CHECK(usage.cpu_seconds > 0.001);
}

TEST_CASE("standard input is empty") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  REQUIRE(launcher.Run({"cat"}, nullptr).ok());
  CHECK(launcher.output().empty());
}

TEST_CASE("arguments arrive as they are, empty ones too") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  REQUIRE(launcher.Run({"printf", "[%s]", "a b", "", "$HOME", "ü"}, nullptr).ok());
  CHECK(launcher.output() == "[a b][][$HOME][ü]");
}

TEST_CASE("failures say what happened") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  CHECK(launcher.Run({"sh", "-c", "echo first; echo the reason >&2; exit 3"}, nullptr).text() ==
        "sh failed with status 3: the reason");
  CHECK_THAT(launcher.Run({"nic-no-such-program"}, nullptr).text(), Contains("cannot start nic-no-such-program"));
  CHECK(launcher.Run({"sh", "-c", "kill -9 $$"}, nullptr).text() == "sh was ended by signal 9");
  CHECK_FALSE(launcher.Run({"printf", std::string(1 << 17, 'x')}, nullptr).ok());
  CHECK(launcher.Run({"true"}, nullptr).ok());
}

TEST_CASE("a program that does not end is ended") {
  Launcher launcher;
  launcher.time_limit = 0.3;
  REQUIRE(launcher.Start().ok());
  const auto begun = std::chrono::steady_clock::now();
  CHECK(launcher.Run({"sleep", "60"}, nullptr).text() == "sleep did not end in time");
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
}

TEST_CASE("peak memory is the program's own, however large the caller") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  std::vector<char> large(size_t{256} << 20, 1);
  Usage small;
  Usage big;
  REQUIRE(launcher.Run({"true"}, &small).ok());
  REQUIRE(launcher.Run({"dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"}, &big).ok());
  CHECK(large[12345] == 1);
  CHECK(small.peak_memory < uint64_t{64} << 20);
  CHECK(big.peak_memory > uint64_t{100} << 20);
  CHECK(big.peak_memory < uint64_t{170} << 20);
}

TEST_CASE("the scratch folder goes with the launcher") {
  std::string scratch;
  {
    Launcher launcher;
    REQUIRE(launcher.Start().ok());
    scratch = launcher.scratch();
    REQUIRE(launcher.Run({"touch", scratch + "/file"}, nullptr).ok());
    CHECK(std::filesystem::exists(scratch + "/file"));
  }
  CHECK_FALSE(std::filesystem::exists(scratch));
}

TEST_CASE("the scratch folder goes even if the program is killed") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    Launcher launcher;
    if (launcher.Start().ok() && write(ends[1], launcher.scratch().data(), launcher.scratch().size()) > 0) pause();
    _exit(1);
  }
  char name[256] = {};
  REQUIRE(read(ends[0], name, sizeof name - 1) > 0);
  CHECK(std::filesystem::exists(name));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (int i = 0; i < 1000 && std::filesystem::exists(name); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK_FALSE(std::filesystem::exists(name));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("programs are found as the shell finds them") {
  CHECK(IsInstalled("sh"));
  CHECK(IsInstalled("/bin/sh"));
  CHECK_FALSE(IsInstalled("nic-no-such-program"));
  CHECK_FALSE(IsInstalled("/bin/nic-no-such-program"));
}
