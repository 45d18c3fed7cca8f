// SPDX-License-Identifier: MIT
// The same from C++, with handles that release themselves.
#include <avdump/avdump.h>

#include <iostream>
#include <memory>

int main(int argc, char **argv)
{
    avd_error err{};
    avd_dump *dump = nullptr;
    avd_report *report = nullptr;

    if (argc != 2 || avd_dump_open(argv[1], nullptr, &dump, &err) != AVD_OK) {
        std::cerr << err.message << '\n';
        return 1;
    }
    const std::unique_ptr<avd_dump, void (*)(avd_dump *)> close_dump(dump, avd_dump_close);
    if (avd_analyze(dump, nullptr, nullptr, &report, &err) != AVD_OK)
        return 1;
    const std::unique_ptr<avd_report, void (*)(avd_report *)> free_report(report, avd_report_free);
    const auto write = [](void *, const char *bytes, size_t size) {
        std::cout.write(bytes, static_cast<std::streamsize>(size));
        return std::cout ? 0 : 1;
    };
    return avd_report_write(report, AVD_FORMAT_TEXT, nullptr, write, nullptr, &err) == AVD_OK ? 0 : 1;
}
