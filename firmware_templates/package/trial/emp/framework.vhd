-- As much of the packages of an EMP framework as a payload names.
library ieee;
use ieee.std_logic_1164.all;

package ipbus is
    type ipb_wbus is record
        ipb_strobe : std_logic;
    end record;
    type ipb_rbus is record
        ipb_ack : std_logic;
    end record;
    constant IPB_WBUS_NULL : ipb_wbus := (ipb_strobe => '0');
    constant IPB_RBUS_NULL : ipb_rbus := (ipb_ack => '0');
end package ipbus;

library ieee;
use ieee.std_logic_1164.all;

package emp_data_types is
    type lword is record
        data : std_logic_vector(63 downto 0);
        valid : std_logic;
        start : std_logic;
        start_of_orbit : std_logic;
        strobe : std_logic;
    end record;
    type ldata is array (natural range <>) of lword;
    constant LWORD_NULL : lword := ((others => '0'), '0', '0', '0', '0');
end package emp_data_types;

package emp_project_decl is
    constant PAYLOAD_REV : natural := 1;
end package emp_project_decl;

package emp_device_decl is
    constant N_REGION : natural := @N_REGION@;
end package emp_device_decl;

library ieee;
use ieee.std_logic_1164.all;

package emp_ttc_decl is
    type ttc_stuff_array is array (natural range <>) of std_logic;
end package emp_ttc_decl;

library ieee;
use ieee.std_logic_1164.all;

package emp_slink_types is
    constant SLINK_MAX_QUADS : natural := 2;
    type slink_input_data_array is array (3 downto 0) of std_logic;
    type slink_input_data_quad_array is array (natural range <>) of slink_input_data_array;
    constant SLINK_INPUT_DATA_ARRAY_NULL : slink_input_data_array := (others => '0');
end package emp_slink_types;
