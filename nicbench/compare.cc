#include "nicbench/compare.h"

#include <cstdio>
#include <limits>
#include <memory>
#include <utility>

#include "nicbench/ms_ssim.h"
#include "nicbench/peers.h"
#include "nicbench/picture_file.h"
#include "nicbench/strip.h"
#include "nicbench/table.h"
#include "tools/number.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using tools::Outcome;

constexpr double kDefaultBpp = 0.25;

class CompareRun {
 public:
  CompareRun(const CompareOptions& options, Launcher* launcher) : options_(options), launcher_(launcher) {}

  Outcome Run();
  bool failed() const { return failures_ > 0; }

 private:
  Outcome OpenCodecs();
  Outcome AddTile(Codec* codec, uint64_t budget);

  const CompareOptions& options_;
  Launcher* launcher_;
  tools::Report report_{"nicbench", false, false};
  Source source_;
  Crop crop_;
  std::vector<std::unique_ptr<Codec>> codecs_;
  std::vector<Tile> tiles_;
  Table table_{{"<codec", "rate", "bytes", "bpp", "PSNR", "MS-SSIM"}};
  int failures_ = 0;
};

Outcome CompareRun::OpenCodecs() {
  auto nic = std::make_unique<NicCodec>();
  NIC_TOOLS_RETURN_IF_FAILED(nic->Open(options_.nic, 1));
  codecs_.push_back(std::move(nic));
  std::vector<const ProgramDescription*> peers;
  std::vector<std::string> skipped;
  NIC_TOOLS_RETURN_IF_FAILED(SelectPeers(options_.peers, &peers, &skipped));
  for (const std::string& text : skipped) report_.Note("", text);
  for (const ProgramDescription* peer : peers) codecs_.push_back(std::make_unique<ProgramCodec>(*peer, launcher_, 1));
  return {};
}

Outcome CompareRun::AddTile(Codec* codec, uint64_t budget) {
  Coded coded;
  double rate = 0;
  double seconds = 0;
  tools::Picture decoded;
  tools::Picture original = source_.picture;
  NIC_TOOLS_RETURN_IF_FAILED(EncodeWithin(codec, source_, budget, &coded, &rate));
  NIC_TOOLS_RETURN_IF_FAILED(codec->Decode(coded, &decoded, &seconds));
  NIC_TOOLS_RETURN_IF_FAILED(MakeComparable(&original, &decoded));

  const uint64_t size = coded.bytes.size();
  const std::string bpp = Fixed(source_.BitsPerPixel(size), 3);
  const std::string psnr = Fixed(tools::Psnr(original, decoded), 2);
  const auto similarity = MsSsim(original, decoded).value_or(std::numeric_limits<double>::quiet_NaN());
  const std::string over = size > budget ? " (its smallest)" : "";
  Tile tile;
  tile.caption = {codec->name() + "  " + tools::Grouped(size) + " bytes" + over,
                  bpp + " bpp  " + psnr + " dB  MS-SSIM " + Fixed(similarity, 4)};
  NIC_TOOLS_RETURN_IF_FAILED(Enlarge(decoded, crop_, options_.zoom, &tile.picture));
  tiles_.push_back(std::move(tile));
  table_.Add({codec->name(), codec->Label(rate), std::to_string(size), bpp, psnr, Fixed(similarity, 5)});
  return {};
}

Outcome CompareRun::Run() {
  NIC_TOOLS_RETURN_IF_FAILED(LoadSource(options_.picture, launcher_->scratch(), &source_));
  const tools::Picture& picture = source_.picture;
  NIC_TOOLS_RETURN_IF_FAILED(ParseCrop(options_.crop, picture.width, picture.height, &crop_));
  NIC_TOOLS_RETURN_IF_FAILED(OpenCodecs());
  const double bpp = options_.bpp > 0 ? options_.bpp : kDefaultBpp;
  const auto budget = static_cast<uint64_t>(options_.bytes > 0 ? options_.bytes : bpp * source_.pixels() / 8);
  Tile original;
  original.caption = {"original", std::to_string(picture.width) + " x " + std::to_string(picture.height)};
  NIC_TOOLS_RETURN_IF_FAILED(Enlarge(picture, crop_, options_.zoom, &original.picture));
  tiles_.push_back(std::move(original));
  for (const auto& codec : codecs_) {
    const Outcome outcome = AddTile(codec.get(), budget);
    report_.Error(codec->name(), outcome);
    failures_ += !outcome.ok();
  }
  std::fputs(table_.Text().c_str(), stdout);
  tools::Picture strip;
  NIC_TOOLS_RETURN_IF_FAILED(MakeStrip(tiles_, options_.columns, &strip));
  return WritePictureFile(options_.output, strip);
}

}  // namespace

int RunCompare(const CompareOptions& options, Launcher* launcher) {
  tools::Report report("nicbench", false, false);
  CompareRun run(options, launcher);
  const Outcome outcome = run.Run();
  report.Error(options.picture, outcome);
  if (!outcome.ok()) return outcome.exit_status();
  return run.failed() ? tools::kExitFailure : tools::kExitOk;
}

}  // namespace nic::bench
