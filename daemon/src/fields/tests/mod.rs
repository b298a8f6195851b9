mod given;
mod process;
mod record;
mod world;
