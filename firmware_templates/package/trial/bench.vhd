-- Runs @TOP@ clock by clock, with one row per clock in and out:
-- rst, in_valid and the inputs as one number; out_valid, the decision and the outputs as one number.
library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;

entity bench is
end entity bench;

architecture sim of bench is
    signal clk, rst, in_valid, out_valid, decision : std_logic := '0';
    signal given : std_logic_vector(@INPUT_BITS@ - 1 downto 0) := (others => '0');
    signal got : std_logic_vector(@OUTPUT_BITS@ - 1 downto 0) := (others => '0');
begin
    top : entity work.@TOP@@GENERICS@
        port map (
@PORTS@
        );

    process
        file rows : text open read_mode is "given.txt";
        file answers : text open write_mode is "got.txt";
        variable row, answer : line;
        variable reset, valid : std_logic;
        variable number : std_logic_vector(given'range);
    begin
        while not endfile(rows) loop
            readline(rows, row);
            read(row, reset);
            read(row, valid);
            hread(row, number);
            rst <= reset;
            in_valid <= valid;
            given <= number;
            wait for 1 ns;
            clk <= '1';
            wait for 1 ns;
            write(answer, out_valid);
            write(answer, ' ');
            write(answer, decision);
            write(answer, ' ');
            hwrite(answer, got);
            writeline(answers, answer);
            clk <= '0';
        end loop;
        wait;
    end process;
end architecture sim;
