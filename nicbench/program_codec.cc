#include "nicbench/program_codec.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <sstream>

#include "nicbench/picture_file.h"
#include "tools/input_file.h"
#include "tools/output_file.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Picture;

constexpr uint64_t kMaxCodedSize = uint64_t{1} << 32;

std::vector<ProgramDescription> DescribePrograms() {
  std::vector<ProgramDescription> programs(6);
  // As Pillow saves by default: 4:2:0, standard Huffman tables, tables of 8 bits also at the lowest qualities.
  ProgramDescription& jpeg = programs[0];
  jpeg.name = "jpeg";
  jpeg.package = "libjpeg-turbo-progs";
  jpeg.encode = MakeCommand("cjpeg -quality {rate} -baseline -sample 2x2 -outfile {out} {pnm}");
  jpeg.decode = MakeCommand("djpeg -outfile {out} {in}");
  jpeg.version = MakeCommand("cjpeg -version");
  jpeg.extension = "jpg";
  jpeg.output = "pnm";
  jpeg.knob = {1, 100, 100, false};
  jpeg.rates = {5, 10, 15, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95};

  ProgramDescription& webp = programs[1];
  webp.name = "webp";
  webp.package = "webp";
  webp.encode = MakeCommand("cwebp -quiet -m 6 -q {rate} {mt} {pnm} -o {out}");
  webp.decode = MakeCommand("dwebp -quiet -ppm {mt} {in} -o {out}");
  webp.version = MakeCommand("cwebp -version");
  webp.extension = "webp";
  webp.output = "ppm";
  webp.knob = {0, 100, 101, false};
  webp.rates = {0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95};

  // The irreversible wavelet; the rate is the factor of compression.
  ProgramDescription& jpeg2000 = programs[2];
  jpeg2000.name = "jpeg2000";
  jpeg2000.package = "libopenjp2-tools";
  jpeg2000.encode = MakeCommand("opj_compress -I -r {rate} -threads {threads} -i {pnm} -o {out}");
  jpeg2000.decode = MakeCommand("opj_decompress -threads {threads} -i {in} -o {out}");
  jpeg2000.version = MakeCommand("opj_compress -h");
  jpeg2000.extension = "jp2";
  jpeg2000.output = "ppm";
  jpeg2000.knob = {600, 2, 256, true};
  jpeg2000.rates = {240, 160, 120, 80, 60, 48, 36, 28, 22, 17, 13, 10, 7};
  jpeg2000.decimals = 2;

  ProgramDescription& avif = programs[3];
  avif.name = "avif";
  avif.package = "libavif-bin";
  avif.encode = MakeCommand(
      "avifenc -j {threads} -s 6 --min 0 --max 63 -a end-usage=q -a cq-level={rate} -a tune=psnr {png} {out}");
  avif.decode = MakeCommand("avifdec -j {threads} --png-compress 0 {in} {out}");
  avif.version = MakeCommand("avifenc --version");
  avif.extension = "avif";
  avif.output = "png";
  avif.knob = {63, 1, 63, false};
  avif.rates = {63, 58, 53, 48, 43, 38, 33, 28, 23, 18, 13, 8};

  // For djxl 0 threads means all of them, for cjxl none beside the main one.
  ProgramDescription& jxl = programs[4];
  jxl.name = "jxl";
  jxl.package = "libjxl-tools";
  jxl.encode = MakeCommand("cjxl {pnm} {out} -d {rate} -e 7 --num_threads={workers} --quiet");
  jxl.decode = MakeCommand("djxl {in} {out} --num_threads={threads} --quiet");
  jxl.version = MakeCommand("cjxl --version");
  jxl.extension = "jxl";
  jxl.output = "ppm";
  jxl.knob = {25, 0.1, 256, true};
  jxl.rates = {15, 12, 9, 7, 5.5, 4, 3, 2.2, 1.6, 1.1, 0.7, 0.4};
  jxl.decimals = 3;

  ProgramDescription& heic = programs[5];
  heic.name = "heic";
  heic.package = "libheif-examples";
  heic.encode = MakeCommand("heif-enc -q {rate} -p chroma=444 -p tune=psnr -p preset=slow -o {out} {png}");
  heic.decode = MakeCommand("heif-convert {in} {out}");
  heic.version = MakeCommand("heif-enc --help");
  heic.extension = "heic";
  heic.output = "png";
  heic.knob = {0, 100, 101, false};
  heic.rates = {5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55};
  return programs;
}

// The command as one line, without the folders of files.
std::string Shown(const Command& command) {
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "" : " ") + word.substr(word.rfind('/') + 1);
  return line;
}

// Puts `value` where `key` stands in the word.
void Replace(std::string* word, const std::string& key, const std::string& value) {
  const size_t at = word->find(key);
  if (at != std::string::npos) word->replace(at, key.size(), value);
}

// The command with all that stands for a number of threads filled in.
Command WithThreads(const Command& command, int threads) {
  Command filled;
  for (std::string word : command) {
    if (word == "{mt}" && threads == 1) continue;
    Replace(&word, "{mt}", "-mt");
    Replace(&word, "{threads}", std::to_string(threads));
    Replace(&word, "{workers}", std::to_string(threads == 1 ? 0 : threads));
    filled.push_back(word);
  }
  return filled;
}

// The first "1.2" or "1.2.3" in a text.
std::string FindNumber(const std::string& text) {
  const auto is_digit = [&](size_t i) { return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); };
  for (size_t begin = 0; begin < text.size(); ++begin) {
    if (!is_digit(begin)) continue;
    size_t end = begin;
    int points = 0;
    while (is_digit(end) || (text[end] == '.' && is_digit(end + 1))) points += text[end++] == '.';
    if (points > 0) return text.substr(begin, end - begin);
    begin = end;
  }
  return "";
}

Outcome ReadBytes(const std::string& path, std::vector<uint8_t>* bytes) {
  tools::InputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  return file.ReadAll(kMaxCodedSize, bytes);
}

Outcome WriteBytes(const std::string& path, const std::vector<uint8_t>& bytes) {
  tools::OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.Write(bytes.data(), bytes.size()));
  return file.Commit();
}

}  // namespace

Command MakeCommand(const std::string& text) {
  std::istringstream stream(text);
  Command command;
  for (std::string word; stream >> word;) command.push_back(word);
  return command;
}

bool ProgramDescription::TakesThreads(const Command& command) {
  return std::any_of(command.begin(), command.end(), [](const std::string& word) {
    return word.find("{threads}") != std::string::npos || word.find("{workers}") != std::string::npos || word == "{mt}";
  });
}

const std::vector<ProgramDescription>& KnownPrograms() {
  static const std::vector<ProgramDescription> programs = DescribePrograms();
  return programs;
}

ProgramCodec::ProgramCodec(const ProgramDescription& description, Launcher* launcher, int threads)
    : description_(description), launcher_(launcher) {
  name_ = description.name;
  knob_ = description.knob;
  rates_ = description.rates;
  encode_ = WithThreads(description.encode, threads);
  decode_ = WithThreads(description.decode, threads);
  settings_ = Shown(encode_);
  const std::string version = FindVersion();
  if (!version.empty()) settings_ += " (" + version + ")";
}

std::string ProgramCodec::FindVersion() {
  // Some of these programs fail after they have printed what they were asked for.
  (void)launcher_->Run(description_.version, nullptr);
  return FindNumber(launcher_->output());
}

std::string ProgramCodec::Label(double rate) const {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", description_.decimals, rate);
  std::string label = text;
  if (label.find('.') == std::string::npos) return label;
  while (label.back() == '0') label.pop_back();
  if (label.back() == '.') label.pop_back();
  return label;
}

Outcome ProgramCodec::RunCommand(const Command& command, const Source* source, double rate, const std::string& in,
                                 const std::string& out) {
  std::vector<std::string> arguments;
  for (std::string word : command) {
    Replace(&word, "{rate}", Label(rate));
    Replace(&word, "{pnm}", source ? source->pnm_path : "");
    Replace(&word, "{png}", source ? source->png_path : "");
    Replace(&word, "{in}", in);
    Replace(&word, "{out}", out);
    arguments.push_back(word);
  }
  return launcher_->Run(arguments, &usage_);
}

Outcome ProgramCodec::Encode(const Source& source, double rate, Coded* coded) {
  const std::string out = launcher_->scratch() + "/coded." + description_.extension;
  unlink(out.c_str());
  NIC_TOOLS_RETURN_IF_FAILED(RunCommand(encode_, &source, rate, "", out));
  coded->seconds = usage_.seconds;
  return ReadBytes(out, &coded->bytes);
}

Outcome ProgramCodec::Decode(const Coded& coded, Picture* picture, double* seconds) {
  const std::string in = launcher_->scratch() + "/decode." + description_.extension;
  const std::string out = launcher_->scratch() + "/decoded." + description_.output;
  unlink(out.c_str());
  NIC_TOOLS_RETURN_IF_FAILED(WriteBytes(in, coded.bytes));
  NIC_TOOLS_RETURN_IF_FAILED(RunCommand(decode_, nullptr, 0, in, out));
  *seconds = usage_.seconds;
  return ReadPictureFile(out, picture);
}

}  // namespace nic::bench
