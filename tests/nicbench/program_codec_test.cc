#include "nicbench/program_codec.h"

#include <catch2/catch.hpp>
#include <set>

#include "nicbench/peers.h"
#include "nicbench/picture_file.h"
#include "nicbench/survey.h"
#include "temporary_folder.h"

using namespace nic::bench;
using nic::tools::Picture;
using nic::tools::testing::SamplePicture;
using nic::tools::testing::TemporaryFolder;

namespace {

// A codec that copies the picture, and fails at rates that the shell's `test` refuses.
ProgramDescription DescribeCopying() {
  ProgramDescription copying;
  copying.name = "copying";
  copying.encode = {"sh", "-c", "test {rate} -lt 10 && cp {pnm} {out}"};
  copying.decode = MakeCommand("cp {in} {out}");
  copying.version = MakeCommand("echo copying version 12.3.4-beta, 2001");
  copying.extension = "copy";
  copying.output = "ppm";
  copying.knob = {0, 9, 10, false};
  copying.rates = {1, 2};
  return copying;
}

}  // namespace

TEST_CASE("a codec runs through its programs") {
  const TemporaryFolder folder;
  REQUIRE(WritePictureFile(folder / "a.ppm", SamplePicture(40, 30, NIC_RGB8)).ok());
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  Source source;
  REQUIRE(LoadSource(folder / "a.ppm", launcher.scratch(), &source).ok());
  CHECK(source.name == "a");

  const ProgramDescription description = DescribeCopying();
  ProgramCodec codec(description, &launcher, 1);
  CHECK(codec.settings() == "sh -c test {rate} -lt 10 && cp {pnm} {out} (12.3.4)");
  Sample sample;
  REQUIRE(MeasureSample(&codec, source, 3, &sample).ok());
  CHECK(sample.bytes == 40 * 30 * 3 + std::string("P6\n40 30\n255\n").size());
  CHECK(sample.bpp == Approx(8.0 * static_cast<double>(sample.bytes) / 1200));
  CHECK(std::isinf(sample.psnr));
  CHECK(std::isnan(sample.ms_ssim));
  CHECK(sample.encode_seconds > 0);
  CHECK(sample.decode_seconds > 0);
  CHECK(codec.usage().peak_memory > 0);
  CHECK(MeasureSample(&codec, source, 10, &sample).text() == "sh failed with status 1");
}

TEST_CASE("a program that succeeds and writes nothing is no success") {
  const TemporaryFolder folder;
  REQUIRE(WritePictureFile(folder / "a.ppm", SamplePicture(8, 8, NIC_RGB8)).ok());
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  Source source;
  REQUIRE(LoadSource(folder / "a.ppm", launcher.scratch(), &source).ok());
  ProgramDescription lazy = DescribeCopying();
  ProgramCodec honest(lazy, &launcher, 1);
  Coded coded;
  REQUIRE(honest.Encode(source, 1, &coded).ok());
  lazy.encode = lazy.decode = MakeCommand("true");
  ProgramCodec codec(lazy, &launcher, 1);
  Picture picture;
  double seconds = 0;
  CHECK_FALSE(codec.Encode(source, 1, &coded).ok());
  CHECK_FALSE(codec.Decode(coded, &picture, &seconds).ok());
}

TEST_CASE("threads are told in every program's way") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  ProgramDescription description = DescribeCopying();
  description.encode = MakeCommand("p {mt} -j {threads} --workers={workers}");
  CHECK(ProgramCodec(description, &launcher, 1).settings() == "p -j 1 --workers=0 (12.3.4)");
  CHECK(ProgramCodec(description, &launcher, 3).settings() == "p -mt -j 3 --workers=3 (12.3.4)");
  CHECK(description.encodes_threaded());
  CHECK_FALSE(description.decodes_threaded());
}

TEST_CASE("folders do not show in settings") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  ProgramDescription description = DescribeCopying();
  description.encode = {"/some/where/p", "-m", "/my/model.nicm"};
  CHECK(ProgramCodec(description, &launcher, 1).settings() == "p -m model.nicm (12.3.4)");
}

TEST_CASE("rate parameters are written without needless digits") {
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  ProgramDescription description = DescribeCopying();
  const ProgramCodec whole(description, &launcher, 1);
  CHECK(whole.Label(10) == "10");
  CHECK(whole.Label(2.0000001) == "2");
  description.decimals = 2;
  const ProgramCodec fine(description, &launcher, 1);
  CHECK(fine.Label(10) == "10");
  CHECK(fine.Label(0.5) == "0.5");
  CHECK(fine.Label(1.239) == "1.24");
}

TEST_CASE("the known programs are described in full") {
  std::set<std::string> names;
  for (const ProgramDescription& program : KnownPrograms()) {
    INFO(program.name);
    CHECK(names.insert(program.name).second);
    CHECK(program.encode.size() > 3);
    CHECK(program.decode.size() > 2);
    CHECK_FALSE(program.version.empty());
    CHECK_FALSE(program.package.empty());
    REQUIRE(program.rates.size() >= 10);
    const bool rising = program.knob.best > program.knob.worst;
    for (size_t i = 1; i < program.rates.size(); ++i) CHECK((program.rates[i] > program.rates[i - 1]) == rising);
    CHECK(std::min(program.knob.worst, program.knob.best) <= std::min(program.rates.front(), program.rates.back()));
    CHECK(std::max(program.knob.worst, program.knob.best) >= std::max(program.rates.front(), program.rates.back()));
  }
}

// Every peer that this machine has must encode and decode, grow with its knob, and come near the picture.
TEST_CASE("installed peers code a picture") {
  const TemporaryFolder folder;
  Picture picture;
  REQUIRE(picture.Allocate(208, 192, NIC_RGB8, {}).ok());
  for (uint32_t y = 0; y < picture.height; ++y) {
    for (uint32_t x = 0; x < picture.width * 3; ++x) {
      picture.row(y)[x] = static_cast<uint8_t>(60 + x / 6 + y / 3 + (x * 7 + y * 5) % 13);
    }
  }
  REQUIRE(WritePictureFile(folder / "a.ppm", picture).ok());
  Launcher launcher;
  REQUIRE(launcher.Start().ok());
  Source source;
  REQUIRE(LoadSource(folder / "a.ppm", launcher.scratch(), &source).ok());
  std::vector<const ProgramDescription*> peers;
  std::vector<std::string> skipped;
  REQUIRE(SelectPeers({"all"}, &peers, &skipped).ok());
  CHECK(peers.size() + skipped.size() == KnownPrograms().size());
  for (const ProgramDescription* peer : peers) {
    INFO(peer->name);
    ProgramCodec codec(*peer, &launcher, 1);
    Sample low;
    Sample high;
    REQUIRE(MeasureSample(&codec, source, peer->rates[2], &low).ok());
    REQUIRE(MeasureSample(&codec, source, peer->rates[peer->rates.size() - 2], &high).ok());
    CHECK(low.bytes < high.bytes);
    CHECK(low.psnr > 20);
    CHECK(high.psnr > low.psnr);
    CHECK(high.ms_ssim > low.ms_ssim);
    CHECK_THAT(codec.settings(), Catch::Matchers::Matches(".*\\([0-9.]+\\)"));
  }
}

TEST_CASE("peers are selected by name") {
  std::vector<const ProgramDescription*> peers;
  std::vector<std::string> skipped;
  REQUIRE(SelectPeers({"none"}, &peers, &skipped).ok());
  CHECK((peers.empty() && skipped.empty()));
  CHECK(SelectPeers({"jpeg", "gif"}, &peers, &skipped).text() ==
        "no peer is named gif: there are jpeg, webp, jpeg2000, avif, jxl, heic");
}
