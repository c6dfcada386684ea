-- Gives the payload a row of words per clock, for each link a valid flag and a word, and writes those that
-- come back in the same clock: valid and start flag, and the word.
library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;

use work.ipbus.all;
use work.emp_data_types.all;
use work.emp_device_decl.all;
use work.emp_ttc_decl.all;
use work.emp_slink_types.all;

entity bench is
end entity bench;

architecture sim of bench is
    signal clk_p : std_logic := '0';
    signal d : ldata(4 * N_REGION - 1 downto 0) := (others => LWORD_NULL);
    signal q : ldata(4 * N_REGION - 1 downto 0);
    signal three : std_logic_vector(2 downto 0) := (others => '0');
    signal regions : std_logic_vector(N_REGION - 1 downto 0) := (others => '0');
    signal ctrs : ttc_stuff_array(N_REGION - 1 downto 0) := (others => '0');
    signal quads : std_logic_vector(SLINK_MAX_QUADS - 1 downto 0) := (others => '0');
begin
    payload : entity work.emp_payload
        port map (
            clk => '0', rst => '0', ipb_in => IPB_WBUS_NULL, ipb_out => open, clk40 => '0',
            clk_payload => three, rst_payload => three, clk_p => clk_p, rst_loc => regions,
            clken_loc => regions, ctrs => ctrs, bc0 => open, d => d, q => q, gpio => open,
            gpio_en => open, slink_q => open, backpressure => quads
        );

    process
        file given : text open read_mode is "given.txt";
        file got : text open write_mode is "got.txt";
        variable row, back : line;
        variable flag : std_logic;
        variable word : std_logic_vector(63 downto 0);
    begin
        while not endfile(given) loop
            readline(given, row);
            for i in 0 to @N_IN@ - 1 loop
                read(row, flag);
                hread(row, word);
                d(i).valid <= flag;
                -- another flag, which is to travel with the valid one
                d(i).start <= flag and word(0);
                d(i).data <= word;
            end loop;
            wait for 1 ns;
            for i in q'reverse_range loop
                write(back, q(i).valid);
                write(back, q(i).start);
                write(back, ' ');
                hwrite(back, q(i).data);
                write(back, ' ');
            end loop;
            writeline(got, back);
            clk_p <= '1';
            wait for 1 ns;
            clk_p <= '0';
            wait for 1 ns;
        end loop;
        wait;
    end process;
end architecture sim;
