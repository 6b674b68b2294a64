import ArgumentParser

@main
struct Mkimage: ParsableCommand {}
