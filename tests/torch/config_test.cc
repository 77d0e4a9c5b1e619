#include "config.h"

#include "check.h"

namespace nic::testing {
namespace {

TEST_CASE("config: keys, comments and blank lines") {
  Config config;
  REQUIRE(ParseConfig("# a training\n\n patch = 64  # small\nrate=1e-3\ndata = /some where/x\n", &config).ok());
  CHECK(config.patch == 64);
  CHECK(config.rate == 1e-3);
  CHECK(config.data == "/some where/x");
  CHECK(config.batch == Config().batch);
}

TEST_CASE("config: what is written is read back") {
  Config config;
  config.rate = 1.0 / 3;
  config.output = "there";
  config.shape.analysis_width = 17;
  config.shape.linear = true;
  Config read;
  REQUIRE(ParseConfig(FormatConfig(config), &read).ok());
  CHECK(FormatConfig(read) == FormatConfig(config));
  CHECK(read.rate == config.rate);
}

TEST_CASE("config: mistakes are named by their line and change nothing") {
  const char* bad[] = {"\npatch = many", "\npatch = 8", "\npatch = 1e3", "\nspeed = 3",
                       "\njust words",   "\nema = 1",   "\nrate = nan",  "\nlinear = 1"};
  for (const char* text : bad) {
    Config config;
    const Status status = ParseConfig(text, &config);
    INFO(text);
    CHECK(status.code() == NIC_INVALID_ARGUMENT);
    CHECK(std::string(status.message()).find("line 2") != std::string::npos);
    CHECK(FormatConfig(config) == FormatConfig(Config()));
  }
  Config config;
  CHECK(!ParseConfig("patch = 24", &config).ok());
  CHECK(!ParseConfig("start = somewhere", &config).ok());
  CHECK(!ParseConfig("passes = 3", &config).ok());
  CHECK(!ParseConfig("precision = double", &config).ok());
  CHECK(!ParseConfig("lambda_low = 1\nlambda_high = 0.5", &config).ok());
}

}  // namespace
}  // namespace nic::testing
