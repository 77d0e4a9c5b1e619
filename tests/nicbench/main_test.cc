// Whole runs of the program.
#include "tools/curve.h"
#include "nicbench/picture_file.h"
#include "program.h"
#include "tests/tools/temporary_folder.h"

namespace nic::bench {
namespace {

using testing::Run;
using testing::RunProgram;
using tools::testing::SamplePicture;
using tools::testing::Store;
using tools::testing::TemporaryFolder;

bool Says(const Run& run, const std::string& text) { return run.text.find(text) != std::string::npos; }

std::string Quoted(const std::string& path) { return "'" + path + "'"; }

void StorePicture(const std::string& path, uint32_t width, uint32_t height) {
  REQUIRE(WritePictureFile(path, SamplePicture(width, height, NIC_RGB8)).ok());
}

TEST_CASE("without a command, or with a wrong one, nicbench ends with a usage error") {
  for (const char* arguments : {"", "dance", "rd", "rd . --steps 0", "psnr a", "usage --rounds 0 -- true"}) {
    INFO(arguments);
    const Run run = RunProgram(arguments);
    CHECK(run.status == tools::kExitUsage);
    CHECK(Says(run, "nicbench: "));
  }
  CHECK(RunProgram("--help").status == 0);
}

TEST_CASE("a folder without pictures, or none at all, is a clear error") {
  const TemporaryFolder folder;
  Store(folder / "notes.txt", "no picture");
  for (const char* command : {"rd", "speed", "exact"}) {
    INFO(command);
    const Run empty = RunProgram(command + std::string(" ") + Quoted(folder / ""));
    CHECK(empty.status == tools::kExitFailure);
    CHECK(Says(empty, "no pictures in"));
    const Run absent = RunProgram(command + std::string(" ") + Quoted(folder / "absent"));
    CHECK(absent.status != 0);
    CHECK(Says(absent, "absent"));
  }
}

TEST_CASE("psnr: figures of two pictures, and of those that differ in size") {
  const TemporaryFolder folder;
  StorePicture(folder / "a.png", 30, 20);
  StorePicture(folder / "b.png", 20, 30);
  const Run same = RunProgram("psnr " + Quoted(folder / "a.png") + " " + Quoted(folder / "a.png"));
  CHECK(same.status == 0);
  CHECK(Says(same, "PSNR inf dB, MS-SSIM n/a"));
  const Run other = RunProgram("psnr " + Quoted(folder / "a.png") + " " + Quoted(folder / "b.png"));
  CHECK(other.status != 0);
  CHECK(Says(other, "differ in size"));
}

TEST_CASE("usage: what a program takes, and a program that fails") {
  const Run run = RunProgram("usage --rounds 3 -- sleep 0.05");
  CHECK(run.status == 0);
  double seconds = 0, cpu = 0, memory = 0;
  REQUIRE(std::sscanf(run.text.c_str(), "%lf %lf %lf", &seconds, &cpu, &memory) == 3);
  CHECK(seconds >= 0.05);
  CHECK(cpu < seconds);
  CHECK(memory > 0);
  CHECK(RunProgram("usage -- false").status != 0);
  CHECK(Says(RunProgram("usage -- /nonexistent/program"), "/nonexistent/program"));
}

TEST_CASE("plot: published curves as SVG; what it cannot draw") {
  const TemporaryFolder folder;
  Store(folder / "c.json", R"({"curves":{"a":{"bpp":[0.5,1,1.5],"psnr_rgb":[30,33,35]}}})");
  const std::string output = folder / "c.svg";
  CHECK(RunProgram("plot " + Quoted(folder / "c.json") + " -o " + Quoted(output)).status == 0);
  CHECK(tools::testing::Load(output).find("</svg>") != std::string::npos);
  CHECK(RunProgram("plot " + Quoted(folder / "c.json") + " -o " + Quoted(folder / "c.gif")).status ==
        tools::kExitUsage);
  CHECK(RunProgram("plot " + Quoted(folder / "absent.json") + " -o " + Quoted(output)).status != 0);
}

#ifdef HAS_EMBEDDED_MODEL

TEST_CASE("rd: a broken picture is reported, the tiny and the good one are measured, the status is 1") {
  const TemporaryFolder folder;
  StorePicture(folder / "good.png", 208, 192);
  StorePicture(folder / "tiny.png", 1, 1);
  Store(folder / "broken.png", "\x89PNG\r\n\x1a\nnothing more");
  const TemporaryFolder out;
  const std::string arguments = "rd " + Quoted(folder / "") + " --peers none --rates 1,3+128 --json " +
                                Quoted(out / "r.json") + " --csv " + Quoted(out / "r.csv");
  const Run run = RunProgram(arguments);
  INFO(run.text);
  CHECK(run.status == tools::kExitFailure);
  CHECK(Says(run, "broken.png"));
  CHECK(Says(run, "2 of 3 pictures, averages over 2"));
  nlohmann::json json;
  REQUIRE(tools::ReadJson(out / "r.json", &json).ok());
  REQUIRE(json["pictures"].size() == 2);
  CHECK(json["pictures"][0]["name"] == "good");
  const nlohmann::json codecs = json["pictures"][1]["codecs"];
  REQUIRE(codecs.size() == 1);
  CHECK(codecs.begin().value()["ms_ssim"][0].is_null());
  CHECK(codecs.begin().value()["bytes"][0].get<int>() > 0);
  const std::string csv = tools::testing::Load(out / "r.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 4);

  std::filesystem::remove(folder / "broken.png");
  CHECK(RunProgram(arguments).status == tools::kExitOk);
}

TEST_CASE("rd: what is not installed is listed as skipped, and nic is measured all the same") {
  const TemporaryFolder folder;
  StorePicture(folder / "good.png", 40, 30);
  const Run run = RunProgram("rd " + Quoted(folder / "") + " --rates 2", "PATH=/nonexistent");
  INFO(run.text);
  CHECK(run.status == tools::kExitOk);
  for (const char* name : {"jpeg", "webp", "jpeg2000", "avif", "jxl", "heic"}) {
    CHECK(Says(run, std::string(name) + " is skipped: "));
  }
  CHECK(Says(run, "1 of 1 pictures"));
}

TEST_CASE("rd: rates that are none, a curve file that is none, an unknown peer") {
  const TemporaryFolder folder;
  StorePicture(folder / "good.png", 40, 30);
  const std::string base = "rd " + Quoted(folder / "good.png") + " --peers ";
  CHECK(RunProgram(base + "none --rates 3+256").status == tools::kExitUsage);
  CHECK(RunProgram(base + "none --rates 200").status == tools::kExitUsage);
  CHECK(RunProgram(base + "none --rates 1 --against " + Quoted(folder / "good.png")).status == tools::kExitMalformed);
  CHECK(RunProgram(base + "gif --rates 1").status == tools::kExitUsage);
  CHECK(RunProgram(base + "none --rates 1 --model /nonexistent").status == tools::kExitUnsupported);
}

TEST_CASE("exact: the same hashes again, and others that are noticed") {
  const TemporaryFolder folder;
  StorePicture(folder / "good.png", 70, 50);
  const TemporaryFolder out;
  const std::string base = "exact " + Quoted(folder / "") + " -t 1,2 --targets scalar --rates 1,3 ";
  REQUIRE(RunProgram(base + "--json " + Quoted(out / "e.json")).status == 0);
  const Run again = RunProgram(base + "--expect " + Quoted(out / "e.json"));
  CHECK(again.status == 0);
  CHECK(Says(again, "4 compared with the hashes given"));
  nlohmann::json json;
  REQUIRE(tools::ReadJson(out / "e.json", &json).ok());
  json["hashes"]["good 3+0"][1] = "0000000000000000";
  REQUIRE(tools::WriteJson(out / "e.json", json).ok());
  const Run wrong = RunProgram(base + "--expect " + Quoted(out / "e.json"));
  CHECK(wrong.status == tools::kExitFailure);
  CHECK(Says(wrong, "good 3+0, scalar, 2 threads: the pixels differ"));
}

TEST_CASE("compare: a strip of the original and nic") {
  const TemporaryFolder folder;
  StorePicture(folder / "good.png", 80, 60);
  const Run run =
      RunProgram("compare " + Quoted(folder / "good.png") + " --peers none --bpp 1 -o " + Quoted(folder / "strip.png"));
  INFO(run.text);
  CHECK(run.status == 0);
  tools::Picture strip;
  REQUIRE(ReadPictureFile(folder / "strip.png", &strip).ok());
  CHECK(strip.width > 160);
}

#endif

}  // namespace
}  // namespace nic::bench
