#include "nicbench/launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

extern char** environ;

namespace nic::bench {
namespace {

using Clock = std::chrono::steady_clock;
using tools::Outcome;

constexpr size_t kMaxMessage = 1 << 16;
constexpr size_t kMaxOutput = 4096;

// What the small process answers.
struct Answer {
  int error_number = 0;  // of starting the program
  int wait_status = 0;
  int timed_out = 0;
  Usage usage;
};

double Seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; }

// Waits for a child until a deadline, then kills it. Returns true if it ended by itself.
bool WaitUntil(pid_t child, Clock::time_point deadline, int* wait_status, rusage* usage) {
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  while (wait4(child, wait_status, WNOHANG, usage) == 0) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      kill(child, SIGKILL);
      wait4(child, wait_status, 0, usage);
      return false;
    }
    const timespec patience = {static_cast<time_t>(left / 1000000000), static_cast<long>(left % 1000000000)};
    sigtimedwait(&child_ended, nullptr, &patience);
  }
  return true;
}

// The child gets back the signals that the small process blocks or ignores.
int Spawn(std::vector<char*>& arguments, const char* log, pid_t* child) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(child, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// A message holds the time limit and then the arguments, each ended by a zero byte.
Answer Serve(char* message, size_t size, const std::string& log) {
  double time_limit;
  std::memcpy(&time_limit, message, sizeof time_limit);
  std::vector<char*> arguments;
  for (size_t at = sizeof time_limit; at < size; at += std::strlen(message + at) + 1) arguments.push_back(message + at);
  arguments.push_back(nullptr);

  Answer answer;
  pid_t child = -1;
  const auto begun = Clock::now();
  answer.error_number = Spawn(arguments, log.c_str(), &child);
  if (answer.error_number != 0) return answer;
  rusage usage = {};
  const auto limit = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time_limit));
  answer.timed_out = !WaitUntil(child, begun + limit, &answer.wait_status, &usage);
  answer.usage.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  answer.usage.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  answer.usage.peak_memory = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  return answer;
}

// The life of the small process: it ends when the other end of the socket closes.
[[noreturn]] void ServeAll(int socket, const std::string& scratch) {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(signal_number, SIG_IGN);
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, nullptr);
  std::vector<char> message(kMaxMessage);
  for (;;) {
    const ssize_t size = recv(socket, message.data(), message.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= static_cast<ssize_t>(sizeof(double))) break;
    const Answer answer = Serve(message.data(), static_cast<size_t>(size), scratch + "/log");
    if (send(socket, &answer, sizeof answer, 0) < 0) break;
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  _exit(0);
}

std::string ReadBeginning(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxOutput, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string LastLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  const size_t end = text.find_last_of("\r\n");
  return end == std::string::npos ? text : text.substr(end + 1);
}

Outcome Judge(const std::string& program, const Answer& answer, const std::string& output) {
  using tools::kExitFailure;
  if (answer.error_number != 0) return Outcome::System("cannot start " + program, answer.error_number);
  if (answer.timed_out) return Outcome::Failure(kExitFailure, program + " did not end in time");
  if (WIFSIGNALED(answer.wait_status)) {
    const int number = WTERMSIG(answer.wait_status);
    return Outcome::Failure(kExitFailure, program + " was ended by signal " + std::to_string(number));
  }
  if (WEXITSTATUS(answer.wait_status) == 0) return {};
  const std::string status = " failed with status " + std::to_string(WEXITSTATUS(answer.wait_status));
  return Outcome::Failure(kExitFailure, program + status, LastLine(output));
}

}  // namespace

Launcher::~Launcher() {
  if (process_ < 0) return;
  close(socket_);
  waitpid(process_, nullptr, 0);
}

Outcome Launcher::Start() {
  const char* folder = std::getenv("TMPDIR");
  scratch_ = std::string(folder && *folder ? folder : "/tmp") + "/nicbench-XXXXXX";
  if (!mkdtemp(scratch_.data())) return Outcome::System("cannot make a folder " + scratch_, errno);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Outcome::System("cannot make a socket", errno);
  }
  process_ = fork();
  if (process_ < 0) return Outcome::System("cannot make a process", errno);
  close(ends[process_ == 0 ? 0 : 1]);
  if (process_ == 0) ServeAll(ends[1], scratch_);
  socket_ = ends[0];
  return {};
}

Outcome Launcher::Run(const std::vector<std::string>& arguments, Usage* usage) {
  std::string message(reinterpret_cast<const char*>(&time_limit), sizeof time_limit);
  for (const std::string& argument : arguments) message += argument + '\0';
  if (message.size() > kMaxMessage) return Outcome::Failure(tools::kExitFailure, "the command line is too long");
  Answer answer;
  ssize_t got = send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
  if (got >= 0) {
    do {
      got = recv(socket_, &answer, sizeof answer, 0);
    } while (got < 0 && errno == EINTR);
  }
  if (got != static_cast<ssize_t>(sizeof answer)) return Outcome::System("cannot run " + arguments[0], errno);
  output_ = ReadBeginning(scratch_ + "/log");
  if (usage) *usage = answer.usage;
  return Judge(arguments[0], answer, output_);
}

bool IsInstalled(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + program;
    if (access(candidate.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace nic::bench
