// nic_picture: what scripts/demo and the tests need beside the tools; not installed.
//   nic_picture psnr A B      PSNR of two pictures in dB, alpha aside
//   nic_picture convert A B   picture A as PNG or PNM, by the extension of B; PNM without alpha
//   nic_picture size A        "width height channels"
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tools/picture_reader.h"
#include "tools/picture_writer.h"
#include "tools/report.h"

namespace {

using namespace nic::tools;

// The picture, or an end of the program with a message.
Picture LoadOrExit(const char* path) {
  Picture picture;
  InputFile file;
  Outcome outcome = file.Open(path);
  if (outcome.ok()) outcome = ReadPicture(&file, {}, &picture);
  Report("nic_picture", true, false).Error(path, outcome);
  if (!outcome.ok()) std::exit(outcome.exit_status());
  return picture;
}

Outcome Store(Picture* picture, const char* path) {
  const auto format = FormatOfFile(path);
  if (!format) return Outcome::Failure(kExitUsage, "unknown extension");
  if (*format != PictureFormat::kPng) picture->DropAlpha();
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.Open(path));
  const auto writer = NewPictureWriter(*format, &output);
  NIC_TOOLS_RETURN_IF_FAILED(writer->Begin(picture->width, picture->height, picture->format));
  NIC_TOOLS_RETURN_IF_FAILED(writer->Write(picture->pixels.data(), picture->height, picture->stride()));
  NIC_TOOLS_RETURN_IF_FAILED(writer->End());
  return output.Commit();
}

int Compare(const char* first, const char* second) {
  Picture a = LoadOrExit(first);
  Picture b = LoadOrExit(second);
  a.DropAlpha();
  b.DropAlpha();
  if (a.width != b.width || a.height != b.height || a.format != b.format) {
    std::fputs("nic_picture: the pictures differ in size or channels\n", stderr);
    return kExitFailure;
  }
  std::printf("%.2f\n", Psnr(a, b));
  return kExitOk;
}

int Convert(const char* from, const char* to) {
  Picture picture = LoadOrExit(from);
  const Outcome outcome = Store(&picture, to);
  Report("nic_picture", true, false).Error(to, outcome);
  return outcome.exit_status();
}

int ShowSize(const char* path) {
  const Picture picture = LoadOrExit(path);
  std::printf("%u %u %d\n", picture.width, picture.height, static_cast<int>(nic_format_channels(picture.format)));
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  const char* verb = argc > 1 ? argv[1] : "";
  if (argc == 4 && std::strcmp(verb, "psnr") == 0) return Compare(argv[2], argv[3]);
  if (argc == 4 && std::strcmp(verb, "convert") == 0) return Convert(argv[2], argv[3]);
  if (argc == 3 && std::strcmp(verb, "size") == 0) return ShowSize(argv[2]);
  std::fputs("usage: nic_picture psnr A B | convert A B | size A\n", stderr);
  return kExitUsage;
}
